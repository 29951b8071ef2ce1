// What a secret looks like: the one list, for messages, records, quoted log lines and logs of smoke tests. What it catches is told in
// docs/errors.md. Where it must choose, it hides the one word after the name of a secret rather than show it, and shows what reads as a sentence.
// Every expression is linear: what may repeat ends at a character that the repetition cannot hold, or is bounded.

const mark = "[redacted]";

/** Names whose value is nothing but a password. */
const password = "pass[-_]?words?|passwd|pwd|pass[-_]?phrase|(?:_|db|user|smtp|redis|mysql)[-_]?pass";
/** Names that stand in sentences too: "cannot refresh token: connection refused". As ends of longer names also: client_secret, JSESSIONID. */
const other =
  "secret|token|jwt|credentials?|authorization|cookies?|(?:(?<![a-z])|j)session(?:[-_]?(?:id|key))?|sess(?:ion)?id|(?<![a-z\\d])sid" +
  "|(?:access|account|api|auth|encryption|master|private|secret|shared|signing)[-_ ]?key(?:[-_]?(?:id|base))?";
const either = `(?:${password}|${other})`;

const quote = "\\\\{0,8}[\"'`]";
/** With spaces, and with quotes that are escaped; to the end of the line where it is not closed, as in a text that was cut. */
const quoted =
  "\"(?:\\\\.?|[^\"\\\\\\n])+(?:\"|$)|'(?:\\\\.?|[^'\\\\\\n])+(?:'|$)|\\\\{1,8}[\"'](?:(?!\\\\[\"'])[^\\n])+(?:\\\\{1,8}[\"']|$)";
/** What ends a value ends none where a word goes on behind it, unless that is the next name: a password may hold any sign. */
const bare = "(?:[^\\s,;:&\"'`>)}\\]]|[,;:&\"'`>)}\\]](?=[\\w!@#$%^*~+/])(?![\\w.-]{1,40}[\"']?[=:]))";
const unquoted = `(?:\\[redacted\\]${bare}*|${bare}+)`;
const value = `(?:(?:${quoted})${bare}*|${unquoted})`;

/** Says that there is no value. */
const nothing = "(?!<?(?:null|undefined|none|nil|true|false)\\b)";
/** Begins a sentence about a secret. */
const ordinary =
  "(?!<?(?:an?|about|absent|and|are|as|at|bad|be|blank|but|by|can|cannot|could|did|does|empty|error|fail|failure|false|for|from|gone|has|have|id|if|in|" +
  "incorrect|invalid|is|it|length|longer|mandatory|may|missing|mismatch|must|name|nil|no|none|not|null|of|ok|on|only|optional|or|out|present|" +
  "should|the|this|to|too|true|undefined|unknown|unset|using|valid|value|was|were|will|with|without|wrong|yes|you|your|" +
  "(?-i:[A-Z]?[a-z]{2,30}(?:ed|ing|able|ible)))(?![^\\s.,;:!?)\\]}>\"']))";
const schemes = "(?:bearer|basic|api-?key|token|splunk|negotiate|ntlm)";
const noScheme = `(?!${schemes}[ \\t])`;
/** A digit, a sign or a capital inside; or nothing else is said on the line. */
const looksLikeOne =
  "(?![(){}<>])(?=[^\\s]{0,80}?(?:[\\d+/=_]|(?-i:[a-z][A-Z]))|[^\\s,;]{1,80}(?:$|[,;}\\])]|[ \\t]{1,8}[\\w.-]{1,40}[=:]))";

const expressions: readonly (readonly [source: string, flags: string, kept: string])[] = [
  // Keys in PEM: the whole block, or as much as is there of one that was cut.
  [
    "-----BEGIN [A-Z\\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----" +
      "(?:[^-]*(?:-(?!----)[^-]*)*-----END [A-Z\\d ]{0,40}-----|(?:(?:\\s|\\\\[nr])*[A-Za-z\\d+/=]{16,})*)",
    "",
    "",
  ],
  ["^[ \\t]{0,40}(?=[^\\n\\d]*\\d)[A-Za-z\\d+/]{60,}={0,2}$", "m", ""],
  // user:password@, :password@ and long names that are keys themselves, as Sentry's.
  ["(://)(?:[^/\\s:@]*:[^/\\s]+|[^/\\s:@?=&[\\]]{16,})@", "", "$1|@"],
  ["(:)[^\\s@:/]+(?=@(?:tcp|unix)\\()", "", "$1|"],
  ["(\\bhooks\\.slack(?:-gov)?\\.com/)[\\w/-]+", "", "$1|"],
  // Known on sight.
  ["(?<![\\w-])eyJ[\\w-]+\\.[\\w-]+(?:\\.[\\w-]*)*", "", ""],
  [
    "(?<![A-Za-z\\d])(?:gh[opsur]_|github_pat_|gl[a-z]{2,6}-|glsa_|xox[a-z](?:\\.xox[a-z])?-|whsec_|sk-|[rs]k_(?:live|test)_|npm_|hf_|hvs\\." +
      "|dckr_pat_)[\\w+/=-]{6,}",
    "",
    "",
  ],
  ["(?<![A-Za-z\\d])(?:(?:AKIA|ASIA)[A-Z\\d]{12,}|AIza[\\w-]{30,})", "", ""],
  // Headers.
  [`((?:set-)?cookie["']?[ \\t]{0,8}[=:][ \\t]{0,8}["']?)[^\\s;,"'=<>[\\]]{1,100}=[^\\s;,"']*(?:;[ \\t]{0,8}[^\\s;,"']+)*`, "i", "$1|"],
  ["(authorization[\"']?[ \\t]{0,8}[=:][ \\t]{0,8}[\"']?(?:digest|oauth|signature|aws4-hmac-sha256)[ \\t]+)[^\\n]+", "i", "$1|"],
  [`(authorization["']?[ \\t]{0,8}[=:][ \\t]{0,8}["']?${schemes}[ \\t]{1,8})(?!["'])${unquoted}`, "i", "$1|"],
  // "Basic and bearer exclude each other" has no credential in it; the scheme as a header writes it says more than in small letters.
  [`((?<![a-z\\d])${schemes}[ \\t]{1,8})(?=\\S{0,80}?(?:[\\d+/=]|(?-i:[a-z][A-Z])))(?!realm=)[\\w.~+/=-]{8,}`, "i", "$1|"],
  [
    `((?<![a-z\\d])(?-i:Bearer|Api-?[Kk]ey)[ \\t]{1,8})(?!auth|token|credential|challenge|scheme|realm=)${ordinary}[\\w.~+/=-]{8,}`,
    "i",
    "$1|",
  ],
  // name=value, with or without spaces; a name in quotes, as in JSON; a value in quotes.
  [`(${either}\\d?(?:${quote})?(?:=>|:=|={1,3}(?!=)))${nothing}${noScheme}${value}`, "im", "$1|"],
  [`(${either}\\d?(?:${quote})?[ \\t]{0,8}(?:=>|:=|={1,3}(?!=))[ \\t]{0,8})${ordinary}${noScheme}${value}`, "im", "$1|"],
  [`(${either}\\d?${quote}[ \\t]{0,8}:[ \\t]{0,8})${nothing}${noScheme}${value}`, "im", "$1|"],
  [`(${either}\\d?[ \\t]{0,8}(?::|[ \\t]is)[ \\t]{0,8})(?:${quoted})`, "im", "$1|"],
  ["((?:\\bpassword|\\bidentified by)[ \\t]{1,8})'[^'\\n]+'", "i", "$1|"],
  // name:value; not a path with a tag, as of an image.
  [`(${either}\\d?(?<!/[\\w.-]{0,60}):(?!:))${ordinary}${noScheme}${unquoted}`, "im", "$1|"],
  // name: value, name is value, --name value
  [`((?:${password})\\d?(?:[ \\t]{0,8}:|[ \\t]{1,8}(?:is|was):?)[ \\t]{1,8})${ordinary}${unquoted}`, "im", "$1|"],
  [`((?:${other})\\d?(?:[ \\t]{0,8}:|[ \\t]{1,8}(?:is|was):?)[ \\t]{1,8})${ordinary}${noScheme}${looksLikeOne}${unquoted}`, "im", "$1|"],
  [`(--(?:[a-z\\d]{1,20}-){0,4}${either}[ \\t]{1,8})(?!-)${ordinary}${value}`, "im", "$1|"],
  // SIGNING_KEY=, and "DEPLOY_KEY": but not DUPLICATE_KEY: as codes of errors are.
  [`([A-Z\\d]_(?:KEY|PASS)(?:(?:${quote})?=|${quote}[ \\t]{0,8}:[ \\t]{0,8}))${value}`, "m", "$1|"],
  // Parts of an address, and elements of XML.
  ["([?&](?:key|sig|signature|x-amz-signature)=)[^&\\s\"'<>]+", "i", "$1|"],
  [`(${either}>)[^<>\\n]+(?=</)`, "i", "$1|"],
];

const secrets = expressions.map(([source, flags, kept]) => ({ found: new RegExp(source, `g${flags}`), kept: kept === "" ? "|" : kept }));

/** Takes out what looks like a secret, on its way into a message, a log line or a record. No guarantee: a secret may look like anything. */
export function redact(text: string, mask = mark): string {
  return secrets.reduce((clean, { found, kept }) => clean.replace(found, kept.replace("|", mask)), text);
}
