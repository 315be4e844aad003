/**
 * API tokens for scripts: shown once, known to the store by SHA-256, scoped, and ended by their expiry. Prefixed
 * `atl_`, so that scanners find one that leaked.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { AtlasError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { AccountStore, ApiToken, TokenScope } from '../../store/account-store.ts';
import { TOUCH_INTERVAL_MS } from './sessions.ts';
import { hashOf } from './token-hash.ts';

const TOKEN = /^atl_[A-Za-z0-9_-]{43}$/;

export interface NewToken {
  /** The token itself, this once. */
  readonly token: string;
  readonly info: ApiToken;
}

export interface TokenRequest {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly expiresInSeconds?: number | undefined;
}

export class ApiTokens {
  readonly #store: AccountStore;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor({ accounts, clock, log }: { accounts: AccountStore; clock: Clock; log: Log }) {
    this.#store = accounts;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rejects with token_name_taken. */
  async create({ name, scopes, expiresInSeconds }: TokenRequest): Promise<NewToken> {
    const token = `atl_${randomBytes(32).toString('base64url')}`;
    const nowMs = this.#clock.wallMs();
    const info: ApiToken = {
      tokenId: randomUUID(),
      name,
      tokenHash: hashOf(token),
      scopes: [...new Set(scopes)],
      createdAtMs: nowMs,
      expiresAtMs: expiresInSeconds === undefined ? null : nowMs + expiresInSeconds * 1000,
      lastUsedAtMs: null,
      lastUsedFrom: null,
    };
    await this.#store.addToken(info);
    this.#log.info('account.token_created', 'API token created', { name, scopes: info.scopes });
    return { token, info };
  }

  list(): Promise<readonly ApiToken[]> {
    return this.#store.tokens();
  }

  /** False when there was none. */
  async remove(tokenId: string): Promise<boolean> {
    const removed = await this.#store.removeToken(tokenId);
    if (removed) this.#log.info('account.token_removed', 'API token removed', { token_id: tokenId });
    return removed;
  }

  /** The token's scopes and name. Rejects with token_unknown, for an expired one too. */
  async authenticate(token: string, from: string | null): Promise<ApiToken> {
    const info = TOKEN.test(token) ? await this.#store.tokenByHash(hashOf(token)) : undefined;
    const nowMs = this.#clock.wallMs();
    if (info === undefined || (info.expiresAtMs !== null && info.expiresAtMs <= nowMs)) {
      throw new AtlasError('token_unknown', 'This API token is unknown or has expired.', {
        hint: 'Create a new one under Settings, API tokens.',
      });
    }
    if (info.lastUsedAtMs !== null && nowMs - info.lastUsedAtMs < TOUCH_INTERVAL_MS) return info;
    await this.#store.touchToken(info.tokenId, nowMs, from);
    return { ...info, lastUsedAtMs: nowMs, lastUsedFrom: from };
  }
}

/** `admin` may do everything; the others only what they say. */
export function hasScope(scopes: readonly TokenScope[], needed: TokenScope): boolean {
  return scopes.includes(needed) || scopes.includes('admin');
}
