import { createServer } from "node:http";
import { text } from "node:stream/consumers";

export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answers nothing at all, one byte at a time without an end, or more than anybody reads. */
  readonly manner?: "hang" | "drip" | "flood";
}

/** A real HTTP server on a free port that answers as told and keeps what it was sent. */
export async function startReceiver(answer: (request: Received) => Answer) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://receiver");
      const each = { method: request.method ?? "", url, headers: request.headers, body };
      received.push(each);
      const { status, headers, body: answered, manner } = answer(each);
      if (manner === "hang") return;
      response.writeHead(status, headers);
      if (manner === undefined) return response.end(answered);
      const timer = setInterval(() => response.write(manner === "drip" ? " " : " ".repeat(200_000)), 5);
      response.on("close", () => clearInterval(timer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
