/**
 * The addresses of a cidr whose mask ends at a dot, as a regular expression:
 * `127.64.0.1/16` gives `127\.64\..*`.
 */
export function cidrPattern(cidr: string): string {
  const [address = "", bits = ""] = cidr.split("/");
  if (!["8", "16", "24"].includes(bits)) throw new Error(`${cidr}: the mask must be /8, /16 or /24`);
  const octets = address.split(".").slice(0, Number(bits) / 8);
  return `${octets.join("\\.")}\\..*`;
}
