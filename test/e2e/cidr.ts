import { createServer } from "node:net";

/**
 * A cidr for the pods of one test file, 127.x.0.1/16, that no other run on this machine has: two clusters must not give their pods
 * the same loopback addresses. Held until this process ends.
 */
export async function ownCidr(): Promise<string> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const octet = 16 + Math.floor(Math.random() * 230);
    if (await hold(`127.${octet}.255.254`)) return `127.${octet}.0.1/16`;
  }
  throw new Error("every loopback network that was tried is in use");
}

/** Listening is the lock: the kernel lets go of it however this process ends. */
function hold(address: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer().unref();
  server.once("error", () => resolve(false));
  server.listen(8079, address, () => resolve(true));
  return promise;
}
