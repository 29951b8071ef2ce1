import type { Message } from "../../entry.ts";
import { linkIn } from "../../explain/quotes.ts";
import { cut } from "./news.ts";

/** What Slack takes: a section of text has 1 to 3000 characters, a message at most 50 blocks. */
const longestSection = 3000;
const mostSections = 10;

export type SlackContent = { readonly text: string; readonly blocks: readonly object[]; readonly unfurl_links: false };

/** The message that stands for a guard: where it stands now, and what to do. */
export function rootContent(message: Message): SlackContent {
  const { title, next, link, guard } = message;
  const blocks = [section(bold(title)), ...sections(next)];
  const linked = link === undefined ? [] : [{ type: "context", elements: [text(linkTo(link, guard))] }];
  return content(title, [...blocks, ...linked]);
}

/** One entry with all its words: in the thread of its guard, or on its own where there are no threads. */
export function entryContent(message: Message): SlackContent {
  return content(message.title, [section(bold(message.title)), ...sections(message.text)]);
}

/** Slack's own three: nothing else is special in the way that text is sent here (docs.slack.dev, "Formatting message text"). */
export function escapeText(plain: string): string {
  return plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** `text` beside blocks is what notifications and screen readers show. */
function content(title: string, blocks: readonly object[]): SlackContent {
  return { text: escaped(title, longestSection), blocks, unfurl_links: false };
}

function bold(title: string): string {
  const plain = escaped(title, longestSection - 2);
  return /[*\n]/.test(plain) || plain === "" ? plain : `*${plain}*`;
}

/** Whole lines in each section; a line longer than a section is cut. */
function sections(words: string): readonly object[] {
  const texts: string[] = [];
  for (const line of words.split("\n").map(lineOf)) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= longestSection) texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts
    .filter((each) => each.trim() !== "")
    .slice(0, mostSections)
    .map(section);
}

function lineOf(line: string): string {
  const link = linkIn(line);
  if (link === undefined) return escaped(line, longestSection);
  const linked = linkTo(link.url, link.words);
  // Half a link leads nowhere.
  return linked.length <= longestSection ? linked : `${escapeText(link.words)}: the link is too long for Slack, the guard's record has it`;
}

/** In `<address|words>` a bar and an angle end what they stand in. */
function linkTo(url: string, words: string): string {
  return `<${escapeText(url.replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E"))}|${escapeText(words)}>`;
}

/** Escaped and then at most `most` long, without half an entity at the end. */
function escaped(plain: string, most: number): string {
  const whole = escapeText(plain);
  return whole.length <= most
    ? whole
    : `${cut(whole, most)
        .slice(0, -1)
        .replace(/&[a-z]*$/, "")}…`;
}

function section(words: string): object {
  return { type: "section", text: text(words === "" ? " " : words) };
}

/** `verbatim`: names of channels and people in our words are not links. */
function text(words: string): object {
  return { type: "mrkdwn", text: words, verbatim: true };
}
