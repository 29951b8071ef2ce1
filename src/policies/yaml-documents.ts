import { type Document, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from "yaml";
import { inReadingOrder, type Problem } from "./problem.ts";

const tooDeep = "the document is nested too deeply";

type Path = readonly PropertyKey[];

/** One YAML document that holds something, and where its parts stand. */
export interface YamlDocument {
  readonly value: unknown;
  /** Place of the deepest node on `path` that exists; of its key instead of its value when asked. */
  at(path: Path, what?: "key" | "value"): { readonly line: number; readonly column: number };
}

/** The documents of a file that can be read, and what is wrong with the others. Empty documents are left out. Throws never. */
export function readYaml(
  text: string,
  file: string,
): { readonly documents: readonly YamlDocument[]; readonly problems: readonly Problem[] } {
  try {
    return read(text, file);
  } catch (thrown) {
    // The parser recurses: a thousand brackets overflow its stack.
    const what = thrown instanceof RangeError ? tooDeep : "the document cannot be read";
    return { documents: [], problems: [{ file, line: 0, column: 0, path: "", what }] };
  }
}

function read(text: string, file: string) {
  const lines = new LineCounter();
  const documents: YamlDocument[] = [];
  const problems: Problem[] = [];
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  for (const document of "empty" in parsed ? [] : parsed) {
    const faults = faultsOf(document);
    for (const { what, offset } of faults) {
      const { line, col } = lines.linePos(offset);
      problems.push({ file, line: Math.max(1, line), column: Math.max(1, col), path: "", what });
    }
    if (faults.length > 0 || document.contents === null || isEmpty(document)) continue;
    documents.push({ value: document.toJS(), at: (path, what = "value") => placeOf(document, lines, path, what) });
  }
  return { documents, problems: inReadingOrder(problems) };
}

// Data comes out of a broken document too (of two equal keys the last one); so errors are looked at first, and warnings count as errors.
function faultsOf(document: Document.Parsed): { what: string; offset: number }[] {
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    what: wordsFor(error.code, error.message),
    offset: error.pos[0],
  }));
  // Said once for every level at which the parser gave up: how many is a matter of its stack.
  const deepest = faults.find(({ what }) => what === tooDeep);
  if (deepest !== undefined) return [deepest];
  visit(document, {
    Pair(_key, { key }) {
      // zod leaves this key out in silence, and a match would be wider than it reads.
      if (isScalar(key) && key.value === "__proto__")
        faults.push({ what: "the key __proto__ is not allowed", offset: key.range?.[0] ?? 0 });
    },
    Alias(_key, node) {
      faults.push({ what: `the alias *${node.source} is not supported; write the value out`, offset: node.range?.[0] ?? 0 });
    },
  });
  return faults;
}

function wordsFor(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "the key stands twice in this map";
  if (code === "TAB_AS_INDENT") return "a tab is used as indentation; YAML allows spaces only";
  if (message.includes("call stack")) return tooDeep;
  const sentence = message.split("\n")[0] ?? message;
  return `not valid YAML: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

function isEmpty(document: Document.Parsed): boolean {
  return isScalar(document.contents) && document.contents.value === null;
}

function placeOf(document: Document.Parsed, lines: LineCounter, path: Path, what: "key" | "value") {
  let node: unknown = document.contents;
  let key: unknown = node;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(isScalar(item.key) ? item.key.value : item.key) === String(step));
      if (pair === undefined) break;
      key = pair.key;
      node = pair.value ?? pair.key;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)];
      if (item === undefined) break;
      key = item;
      node = item;
    } else break;
  }
  const chosen = what === "key" ? key : node;
  const offset = isNode(chosen) ? (chosen.range?.[0] ?? 0) : 0;
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
