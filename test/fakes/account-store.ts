/** The contract of src/store/account-store.ts in memory; held to it by the same suite as the engines. */
import { AtlasError } from '../../src/base/errors.ts';
import type { AccountStore, ApiToken, Session, User } from '../../src/store/account-store.ts';

export class FakeAccountStore implements AccountStore {
  readonly #users = new Map<number, User>();
  readonly #sessions = new Map<string, Session>();
  readonly #tokens = new Map<string, ApiToken>();
  #setupCode: { codeHash: string; expiresAtMs: number } | undefined;
  #lastUserId = 0;
  /** Set to let the next reading of a user fail, as an engine would. */
  failure: Error | undefined;
  /** How often the use of a session or token was written down. */
  touches = 0;

  async users(): Promise<readonly User[]> {
    return [...this.#users.values()].sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  async userByName(username: string): Promise<User | undefined> {
    if (this.failure) throw this.failure;
    return [...this.#users.values()].find((user) => user.username === username);
  }

  async userById(userId: number): Promise<User | undefined> {
    return this.#users.get(userId);
  }

  async addUser(user: Omit<User, 'userId'>): Promise<User> {
    if ([...this.#users.values()].some(({ username }) => username === user.username)) {
      throw new AtlasError('user_exists', 'there is a user of that name already');
    }
    this.#lastUserId += 1;
    const added = { ...user, userId: this.#lastUserId };
    this.#users.set(added.userId, added);
    return added;
  }

  async setPassword(username: string, passwordHash: string): Promise<void> {
    const user = await this.userByName(username);
    if (user === undefined) throw new AtlasError('user_unknown', 'there is no user of that name');
    this.#users.set(user.userId, { ...user, passwordHash });
    for (const session of this.#sessions.values()) {
      if (session.userId === user.userId) this.#sessions.delete(session.sessionHash);
    }
  }

  async addSession(session: Session): Promise<void> {
    this.#sessions.set(session.sessionHash, session);
  }

  async session(sessionHash: string): Promise<Session | undefined> {
    return this.#sessions.get(sessionHash);
  }

  async touchSession(sessionHash: string, lastUsedAtMs: number): Promise<void> {
    const session = this.#sessions.get(sessionHash);
    if (session) this.#sessions.set(sessionHash, { ...session, lastUsedAtMs });
    this.touches += 1;
  }

  async confirmSession(sessionHash: string, passwordAtMs: number): Promise<void> {
    const session = this.#sessions.get(sessionHash);
    if (session) this.#sessions.set(sessionHash, { ...session, passwordAtMs });
  }

  async endSession(sessionHash: string): Promise<void> {
    this.#sessions.delete(sessionHash);
  }

  async sweepSessions(beforeMs: number): Promise<void> {
    for (const { sessionHash, expiresAtMs } of this.#sessions.values()) {
      if (expiresAtMs < beforeMs) this.#sessions.delete(sessionHash);
    }
  }

  async setSetupCode(codeHash: string, expiresAtMs: number): Promise<void> {
    this.#setupCode = { codeHash, expiresAtMs };
  }

  async takeSetupCode(codeHash: string, nowMs: number): Promise<boolean> {
    const code = this.#setupCode;
    if (code === undefined || code.codeHash !== codeHash || code.expiresAtMs <= nowMs) return false;
    this.#setupCode = undefined;
    return true;
  }

  async tokens(): Promise<readonly ApiToken[]> {
    return [...this.#tokens.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async addToken(token: ApiToken): Promise<void> {
    if ([...this.#tokens.values()].some(({ name }) => name === token.name)) {
      throw new AtlasError('token_name_taken', 'there is a token of that name already');
    }
    this.#tokens.set(token.tokenId, token);
  }

  async tokenByHash(tokenHash: string): Promise<ApiToken | undefined> {
    return [...this.#tokens.values()].find((token) => token.tokenHash === tokenHash);
  }

  async touchToken(tokenId: string, lastUsedAtMs: number, from: string | null): Promise<void> {
    const token = this.#tokens.get(tokenId);
    if (token) this.#tokens.set(tokenId, { ...token, lastUsedAtMs, lastUsedFrom: from });
    this.touches += 1;
  }

  async removeToken(tokenId: string): Promise<boolean> {
    return this.#tokens.delete(tokenId);
  }

  /** Not of the contract. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }
}
