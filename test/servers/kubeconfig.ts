import { readFile, writeFile } from "node:fs/promises";

/** Writes a kubeconfig (JSON, which is YAML) that carries its CA, so that it stands alone. */
export async function writeKubeconfig(
  path: string,
  options: { readonly server: string; readonly caPath: string; readonly token: string },
): Promise<string> {
  const ca = (await readFile(options.caPath)).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: options.server, "certificate-authority-data": ca } }],
    users: [{ name: "test", user: { token: options.token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  };
  await writeFile(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}
