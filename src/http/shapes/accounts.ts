/** People: the first administrator, sessions, passwords, and the API tokens. */
import { z } from 'zod';
import { TOKEN_SCOPES } from '../../store/account-store.ts';
import { named, time } from './values.ts';

const username = named(128);

export const loginRequest = z.strictObject({
  username,
  password: z.string().min(1).max(1024),
  /** Of a second factor; no account has one yet. */
  code: z.string().max(32).optional(),
});
/** The page sends csrf_token back as header X-CSRF-Token with every change. */
export const sessionInfo = z.object({
  username: z.string(),
  csrf_token: z.string(),
  expires_at: time,
  node_id: z.string(),
});
export const passwordChange = z.strictObject({
  username: username.optional(),
  current_password: z.string().max(1024).optional(),
  new_password: z.string().max(1024),
});
/** Of who is logged in, once more. */
export const passwordAgain = z.strictObject({ password: z.string().min(1).max(1024) });
/** First run: the code that `init` printed, and the first administrator. Answered with sessionInfo and the cookie. */
export const setupRequest = z.strictObject({
  code: z.string().min(1).max(32),
  username,
  password: z.string().max(1024),
});
export const setupCode = z.object({ code: z.string(), expires_at: time });
export const userCreate = z.strictObject({
  username,
  password: z.string().max(1024),
});
export const userInfo = z.object({ username: z.string(), created_at: time });
export const userList = z.object({ items: z.array(userInfo), next_cursor: z.null() });
export const tokenScope = z.enum(TOKEN_SCOPES);
export const tokenCreate = z.strictObject({
  name: named(128),
  scopes: z.array(tokenScope).min(1),
  /** At most ten years. */
  expires_in_seconds: z.number().int().min(60).max(316_224_000).optional(),
});
export const tokenInfo = z.object({
  token_id: z.string(),
  name: z.string(),
  scopes: z.array(tokenScope),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
  last_used_from: z.string().nullable(),
});
/** `token` is shown this once. */
export const tokenCreated = tokenInfo.extend({ token: z.string() });
export const tokenList = z.object({ items: z.array(tokenInfo), next_cursor: z.null() });
