import type { Clock } from "../../clock.ts";
import type { Ms } from "../../model.ts";
import { TargetError } from "./target.ts";

export type TargetCall = {
  /** What the error calls the receiver, for example `webhook ops`. */
  readonly who: string;
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** 10 s unless told. */
  readonly timeoutMs?: Ms;
  /** Finds in the body of a refusal the words that say why; what it gives must not hold what we sent. */
  readonly refusal?: (answer: string) => string | undefined;
  /** Further statuses after which the message is given up at once: a receiver that never repairs itself. */
  readonly final?: readonly number[];
};

/** What some receivers answer in place of 429. */
const tooMany = 420;
const longestAnswer = 1_000_000;
const tooLong = "its answer is too long";

/**
 * One call to a receiver; gives the text of a 2xx answer.
 * @throws TargetError that says by its facts whether and when to try again. It never carries the URL: webhook URLs are secrets.
 */
export async function callTarget(call: TargetCall, clock: Pick<Clock, "now">): Promise<string> {
  const { who, method, url, headers, body, timeoutMs = 10_000 } = call;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: { "content-type": "application/json", ...headers },
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    text = await readCapped(response);
  } catch (error) {
    throw new TargetError("TARGET_UNREACHABLE", `${who} cannot be reached (${codeOf(error)})`);
  }
  if (response.ok) return text;
  throw answerError(call, response, text, clock.now());
}

function answerError({ who, refusal, final = [] }: TargetCall, response: Response, text: string, now: Ms): TargetError {
  const { status } = response;
  const why = refusal?.(text);
  const said = `${who} answered ${status}${why === undefined || why === "" ? "" : ` (${why.replaceAll(/\s+/g, " ").slice(0, 200)})`}`;
  if (status === 410) return new TargetError("TARGET_REFUSED", `${said}: it wants no more messages`, { status, closed: true });
  // The message itself is refused: the next one may be better.
  if ([400, 413, 415, 422, ...final].includes(status)) return new TargetError("TARGET_REFUSED", said, { status, tries: 1 });
  const retryAfterMs = retryAfter(response.headers.get("retry-after"), now);
  const code = status < 500 && status !== 429 && status !== tooMany ? "TARGET_REFUSED" : "TARGET_UNREACHABLE";
  return new TargetError(code, said, { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

/** Seconds or an HTTP date. */
function retryAfter(header: string | null, now: Ms): Ms | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

async function readCapped(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error(tooLong);
  }
  return text;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return "no answer in time";
  if (error.message === tooLong) return tooLong;
  const { cause } = error;
  if (!(cause instanceof Error)) return "no connection";
  if ("code" in cause && typeof cause.code === "string") return cause.code;
  return cause.message === "unexpected redirect" ? "it redirects, which is refused" : "no connection";
}
