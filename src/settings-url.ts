import { z } from "zod";
import { told } from "./policies/told.ts";

/** A URL without secrets in it; `any query` lets one with a query through. */
export function httpUrl(query: "no query" | "any query") {
  const without = query === "any query" ? "user, password or fragment" : "user, password, query or fragment";
  const allowed = `http:// or https:// and a host, without ${without}`;
  return z.string().superRefine((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
    if (isHttp && !url.username && !url.password && !url.hash && (query === "any query" || !url.search)) return;
    // The text is not repeated: it may hold a password.
    const isBare = url === undefined || (!isHttp && !text.includes("://"));
    const cause = url?.password ? "credentials belong into a file" : isBare ? "http:// is missing" : "";
    context.addIssue({ code: "custom", message: told("this is not a URL that can be used", allowed, cause) });
  });
}
