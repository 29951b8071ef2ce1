import { z } from "zod";
import { TargetError } from "./target.ts";

const posted = z.object({ ok: z.literal(true), channel: z.string().min(1), ts: z.string().min(1) });
const failed = z.object({ ok: z.literal(false), error: z.string() });

const credentials = wordsOf(
  "invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope org_login_required " +
    "ekm_access_denied team_access_not_granted not_allowed_token_type access_denied",
);
const channels = wordsOf(
  "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel " +
    "restricted_action_thread_only_channel restricted_action_thread_locked messages_tab_disabled",
);
const passing = wordsOf("ratelimited rate_limited accesslimited internal_error fatal_error service_unavailable request_timeout");
/** A message that somebody has deleted, or that is too old to be changed. */
const gone = wordsOf("message_not_found thread_not_found cant_update_message edit_window_closed");

/** Where a message went. Slack answers 200 to failures too, with `ok: false` and a word. */
export function slackAnswer(who: string, text: string): { readonly channel: string; readonly ts: string } {
  const body = parseJson(text);
  const success = posted.safeParse(body);
  if (success.success) return { channel: success.data.channel, ts: success.data.ts };
  const failure = failed.safeParse(body);
  if (!failure.success) throw new TargetError("TARGET_REFUSED", `${who} answered something that is not Slack's`);
  const { error } = failure.data;
  throw refusal(who, /^[a-z_]{1,60}$/.test(error) ? error : "unknown error");
}

export function isGone(error: unknown): boolean {
  return error instanceof SlackGone;
}

class SlackGone extends TargetError {}

function refusal(who: string, word: string): TargetError {
  if (passing.includes(word)) return new TargetError("TARGET_UNREACHABLE", `${who}: Slack cannot take the message now (${word})`);
  if (gone.includes(word)) return new SlackGone("TARGET_REFUSED", `${who}: Slack does not find our message (${word})`, { tries: 1 });
  if (credentials.includes(word)) {
    const remedy = "put a valid one with the scope chat:write into its file, which is read again for each message";
    return new TargetError("TARGET_REFUSED", `${who}: Slack refuses the token (${word}): ${remedy}`, { tries: 1 });
  }
  if (channels.includes(word)) {
    const remedy = "check its name, and that the app is a member";
    return new TargetError("TARGET_REFUSED", `${who}: Slack refuses the channel (${word}): ${remedy}`, { tries: 1 });
  }
  return new TargetError("TARGET_REFUSED", `${who}: Slack refuses the message (${word})`, { tries: 1 });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wordsOf(list: string): readonly string[] {
  return list.split(" ");
}
