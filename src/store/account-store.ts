/**
 * Where people's accounts, their sessions and API tokens rest. Tokens and sessions are known here by SHA-256
 * of what the holder keeps: who reads the database can use none of them.
 */

export interface User {
  readonly userId: number;
  readonly username: string;
  /** PHC string, argon2id. */
  readonly passwordHash: string;
  readonly createdAtMs: number;
}

export interface Session {
  /** SHA-256 of the cookie's value, hex. */
  readonly sessionHash: string;
  readonly userId: number;
  /** Sent back by the page in a header with every change (CSRF). */
  readonly csrfToken: string;
  readonly createdAtMs: number;
  /** When its holder last gave the password. */
  readonly passwordAtMs: number;
  readonly lastUsedAtMs: number;
  readonly expiresAtMs: number;
}

export const TOKEN_SCOPES = ['read', 'agents:write', 'packages:build', 'admin'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

export interface ApiToken {
  readonly tokenId: string;
  readonly name: string;
  /** SHA-256 of the whole token, hex. */
  readonly tokenHash: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  readonly lastUsedFrom: string | null;
}

export interface AccountStore {
  users(): Promise<readonly User[]>;
  userByName(username: string): Promise<User | undefined>;
  userById(userId: number): Promise<User | undefined>;
  /** Rejects with user_exists. */
  addUser(user: Omit<User, 'userId'>): Promise<User>;
  /** Sets the password and ends every session of that user, in one transaction. Rejects with user_unknown. */
  setPassword(username: string, passwordHash: string): Promise<void>;

  addSession(session: Session): Promise<void>;
  session(sessionHash: string): Promise<Session | undefined>;
  touchSession(sessionHash: string, lastUsedAtMs: number): Promise<void>;
  confirmSession(sessionHash: string, passwordAtMs: number): Promise<void>;
  endSession(sessionHash: string): Promise<void>;
  /** Removes sessions that ended before. */
  sweepSessions(beforeMs: number): Promise<void>;

  /** The one-time code of `init`, by its SHA-256 in hex; a new one replaces the old. */
  setSetupCode(codeHash: string, expiresAtMs: number): Promise<void>;
  /** True once for the right code before its end, and then never again. */
  takeSetupCode(codeHash: string, nowMs: number): Promise<boolean>;

  tokens(): Promise<readonly ApiToken[]>;
  /** Rejects with token_name_taken. */
  addToken(token: ApiToken): Promise<void>;
  tokenByHash(tokenHash: string): Promise<ApiToken | undefined>;
  touchToken(tokenId: string, lastUsedAtMs: number, from: string | null): Promise<void>;
  /** False when there was none. */
  removeToken(tokenId: string): Promise<boolean>;
}
