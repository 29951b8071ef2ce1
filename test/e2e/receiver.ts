import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type Delivery = {
  readonly id: string;
  readonly type: string;
  readonly data: {
    readonly kind: string;
    readonly guard: string;
    readonly title: string;
    readonly text: string;
    readonly workload: { readonly namespace: string };
    readonly because: readonly { readonly code: string }[];
  };
};

export type Annotation = {
  readonly id: number;
  readonly time: number;
  readonly tags: readonly string[];
  readonly text: string;
  readonly timeEnd?: number;
};

export type Receiver = AsyncDisposable & {
  /** Root of the Grafana it plays. */
  readonly grafanaUrl: string;
  readonly webhookUrl: string;
  /** Answers every GET and POST with a page, as a proxy's login does. */
  readonly htmlUrl: string;
  /** What the webhook was sent about workloads of this namespace, in order. */
  deliveries(namespace: string): readonly Delivery[];
  annotations(namespace: string): readonly Annotation[];
};

/** A webhook receiver, the legacy annotation API of Grafana and a page of HTML, on one port of 127.0.0.1. */
export async function startReceiver(): Promise<Receiver> {
  const deliveries: Delivery[] = [];
  const annotations: Annotation[] = [];

  function addAnnotation(body: Omit<Annotation, "id">): object {
    const id = annotations.length + 1;
    annotations.push({ ...body, id });
    return { message: "Annotation added", id };
  }

  function findAnnotations(query: URLSearchParams): readonly Annotation[] {
    const [from, to] = [Number(query.get("from")), Number(query.get("to"))];
    const tags = query.getAll("tags");
    // As Grafana: a region is found where it overlaps the range, and all tags must be there.
    const fits = (one: Annotation) => one.time <= to && (one.timeEnd ?? one.time) >= from && tags.every((tag) => one.tags.includes(tag));
    return annotations.filter(fits);
  }

  function changeAnnotation(id: number, body: Partial<Annotation>): object {
    const at = annotations.findIndex((one) => one.id === id);
    const found = annotations[at];
    if (found) annotations[at] = { ...found, ...body, id };
    return { message: "Annotation patched" };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://receiver");
    const written = await text(request);
    const isJson = request.headers["content-type"] === "application/json";
    const body: unknown = isJson && written !== "" ? JSON.parse(written) : undefined;
    const json = (value: object) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    const [, first, second, third, id] = url.pathname.split("/");
    if (first === "hook") {
      deliveries.push({ ...(body as Delivery), id: String(request.headers["webhook-id"]) });
      return void response.writeHead(204).end();
    }
    if (first === "grafana" && second === "api" && third === "annotations") {
      if (request.method === "GET") return void json(findAnnotations(url.searchParams));
      if (request.method === "POST") return void json(addAnnotation(body as Omit<Annotation, "id">));
      return void json(changeAnnotation(Number(id), body as Partial<Annotation>));
    }
    response.setHeader("content-type", "text/html").end("<!doctype html><title>Sign in</title><p>Please sign in.</p>");
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  const root = `http://127.0.0.1:${port}`;
  return {
    grafanaUrl: `${root}/grafana`,
    webhookUrl: `${root}/hook`,
    htmlUrl: `${root}/login`,
    deliveries: (namespace) => deliveries.filter(({ data }) => data.workload.namespace === namespace),
    annotations: (namespace) => annotations.filter(({ tags }) => tags.includes(namespace)),
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
