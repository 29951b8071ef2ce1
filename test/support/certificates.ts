import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends IssuedCertificate {
  /** @param names such as DNS:web or URI:spiffe://shop/web; none unless told. */
  issue(commonName: string, names?: readonly string[]): Promise<IssuedCertificate>;
}

/** A certificate authority in `folder`, made with openssl. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  const run = (...args: readonly string[]) => promisify(execFile)("openssl", args);
  const pathOf = (file: string, suffix: string) => join(folder, `${name}-${file}.${suffix}`);
  const read = async (file: string): Promise<IssuedCertificate> => {
    const [certFile, keyFile] = [pathOf(file, "crt"), pathOf(file, "key")];
    const [cert, key] = await Promise.all([readFile(certFile, "utf8"), readFile(keyFile, "utf8")]);
    return { certFile, keyFile, cert, key };
  };
  const keyOf = (file: string) => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pathOf(file, "key")];
  await run("req", "-x509", ...keyOf("ca"), "-days", "7", "-subj", `/CN=${name}`, "-out", pathOf("ca", "crt"));
  let issued = 0;
  return {
    ...(await read("ca")),
    async issue(commonName, names = []) {
      issued += 1;
      const file = String(issued);
      const alternative = names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`];
      await run("req", ...keyOf(file), "-subj", `/CN=${commonName}`, ...alternative, "-out", pathOf(file, "csr"));
      const authority = ["-CA", pathOf("ca", "crt"), "-CAkey", pathOf("ca", "key"), "-CAcreateserial"];
      await run(
        "x509",
        "-req",
        "-in",
        pathOf(file, "csr"),
        ...authority,
        "-copy_extensions",
        "copy",
        "-days",
        "7",
        "-out",
        pathOf(file, "crt"),
      );
      return read(file);
    },
  };
}
