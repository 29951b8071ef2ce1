import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { holdLock } from "./build-lock.ts";
import { ensureDebianPrometheus } from "./debian-prometheus.ts";
import { elasticsearchVersions as versions, ensureElasticsearch } from "./elasticsearch.ts";

const goFolder = join(import.meta.dirname, "go");

const packages = {
  etcd: "./etcd",
  "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
  "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
  "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
  kubectl: "k8s.io/kubernetes/cmd/kubectl",
  kwok: "sigs.k8s.io/kwok/cmd/kwok",
  prometheus: "github.com/prometheus/prometheus/cmd/prometheus",
} as const;

export type ServerName = keyof typeof packages;

/** Absolute paths of the server programs. */
export type ServerBinaries = Readonly<Record<ServerName, string>>;

const names = Object.keys(packages).filter((name): name is ServerName => name in packages);

/** What `setup-envtest` brings, and so what KUBEBUILDER_ASSETS can stand in for. */
const envtestNames: ReadonlySet<string> = new Set(["etcd", "kube-apiserver", "kubectl"]);

/**
 * Paths of the real servers, building those that are missing into the user's cache folder.
 * KUBEBUILDER_ASSETS, when set, provides etcd, kube-apiserver and kubectl.
 * @param report receives one line per step; a first build takes minutes.
 * @throws Error with one sentence when Go is missing, too old, or the build fails.
 */
export async function ensureServers(report: (line: string) => void = () => {}): Promise<ServerBinaries> {
  const recipe = await readRecipe();
  const folder = join(cacheFolder(), "rearguard", "servers", recipe.key);
  const binaries = binariesIn(folder, process.env["KUBEBUILDER_ASSETS"]);
  if (missingOf(binaries).length === 0) return binaries;

  await requireGo(recipe.goVersion);
  await mkdir(folder, { recursive: true });
  await using _lock = await holdLock(join(folder, "lock"), report);
  const missing = missingOf(binaries);
  if (missing.length === 0) return binaries;

  report(`Building ${missing.join(", ")} into ${folder} (a first build downloads and compiles for about 8 minutes).`);
  const started = performance.now();
  const staging = await mkdtemp(join(folder, "staging-"));
  try {
    await goBuild([...recipe.flags, "-o", `${staging}/`, ...missing.map((name) => packages[name])]);
    for (const name of missing) await rename(join(staging, name), binaries[name]);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  report(`Built in ${Math.round((performance.now() - started) / 1000)} s.`);
  return binaries;
}

type Recipe = {
  readonly key: string;
  readonly goVersion: string;
  readonly flags: readonly string[];
};

async function readRecipe(): Promise<Recipe> {
  const [goMod, goSum, etcdMain] = await Promise.all(
    ["go.mod", "go.sum", "etcd/main.go"].map((file) => readFile(join(goFolder, file), "utf8")),
  );
  const kubernetes = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(goMod ?? "");
  const goVersion = /^go (\S+)$/m.exec(goMod ?? "")?.[1];
  if (!kubernetes || goVersion === undefined) throw new Error("test/servers/go/go.mod names no Go or no Kubernetes version");
  const [, version, major, minor] = kubernetes;
  const at = "k8s.io/component-base/version";
  const flags = [
    // All other discovery modules out: one of them cannot be downloaded.
    "-tags=remove_all_sd,enable_kubernetes_sd",
    "-buildvcs=false",
    // Without its version the server calls itself v0.0.0-master and clients complain.
    `-ldflags=-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`,
  ];
  const hash = createHash("sha256");
  for (const part of [goMod, goSum, etcdMain, ...flags, process.platform, process.arch]) hash.update(`${part}\0`);
  return { key: hash.digest("hex").slice(0, 16), goVersion, flags };
}

function cacheFolder(): string {
  return process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
}

function binariesIn(folder: string, assets: string | undefined): ServerBinaries {
  const path = (name: ServerName): string => {
    if (!assets || !envtestNames.has(name)) return join(folder, name);
    const given = join(assets, name);
    if (existsSync(given)) return given;
    throw new Error(`KUBEBUILDER_ASSETS is set but there is no ${given}; unset it to build ${name} instead.`);
  };
  return {
    etcd: path("etcd"),
    "kube-apiserver": path("kube-apiserver"),
    "kube-controller-manager": path("kube-controller-manager"),
    "kube-scheduler": path("kube-scheduler"),
    kubectl: path("kubectl"),
    kwok: path("kwok"),
    prometheus: path("prometheus"),
  };
}

function missingOf(binaries: ServerBinaries): readonly ServerName[] {
  return names.filter((name) => !existsSync(binaries[name]));
}

async function requireGo(wanted: string): Promise<void> {
  const fix = `install Go ${wanted} or newer (https://go.dev/dl) and run this again`;
  let found: string;
  try {
    const { stdout } = await promisify(execFile)("go", ["env", "GOVERSION"], { cwd: goFolder });
    found = stdout.trim().replace(/^go/, "");
  } catch (cause) {
    throw new Error(`The real servers are built with Go, and \`go\` does not run here: ${fix}.`, {
      cause,
    });
  }
  if (isOlder(found, wanted)) throw new Error(`The real servers need Go ${wanted}, and this is Go ${found}: ${fix}.`);
}

function isOlder(found: string, wanted: string): boolean {
  const numbers = (version: string) => version.split(/[^\d]+/).map(Number);
  const [a, b] = [numbers(found), numbers(wanted)];
  for (const [index, want] of b.entries()) {
    const have = a[index] ?? 0;
    if (have !== want) return have < want;
  }
  return false;
}

function goBuild(args: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn("go", ["build", ...args], {
    cwd: goFolder,
    env: { ...process.env, CGO_ENABLED: "0" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.on("error", reject);
  child.on("exit", (code, signal) => {
    if (code === 0) return resolve();
    reject(new Error(`\`go build\` of the real servers failed (${signal ?? code}); its output is above.`));
  });
  return promise;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const report = (line: string) => process.stdout.write(`${line}\n`);
    const binaries = await ensureServers(report);
    const folders = new Set(Object.values(binaries).map((path) => dirname(path)));
    for (const version of versions) folders.add(await ensureElasticsearch(version, report));
    folders.add(dirname(await ensureDebianPrometheus(report)));
    process.stdout.write(`Real servers ready in ${[...folders].join(" and ")}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
