/** Accounts in SQL, for any engine that kysely speaks to (the contract: store/account-store.ts). */
import type { Insertable, Selectable, Transaction } from 'kysely';
import { AtlasError } from '../../base/errors.ts';
import type { AccountStore, ApiToken, Session, TokenScope, User } from '../account-store.ts';
import type { SqlConnections } from './report-store.ts';
import type { Schema, SessionTable, TokenTable, UserTable } from './schema.ts';

const SETUP_SLOT = 1;

export class SqlAccountStore implements AccountStore {
  readonly #db: SqlConnections;

  constructor(db: SqlConnections) {
    this.#db = db;
  }

  async users(): Promise<readonly User[]> {
    const rows = await this.#db.reader.selectFrom('users').selectAll().orderBy('username').execute();
    return rows.map(userOf);
  }

  async userByName(username: string): Promise<User | undefined> {
    const query = this.#db.reader.selectFrom('users').selectAll().where('username', '=', username);
    const row = await query.executeTakeFirst();
    return row && userOf(row);
  }

  async userById(userId: number): Promise<User | undefined> {
    const query = this.#db.reader.selectFrom('users').selectAll().where('user_id', '=', userId);
    const row = await query.executeTakeFirst();
    return row && userOf(row);
  }

  async addUser({ username, passwordHash, createdAtMs }: Omit<User, 'userId'>): Promise<User> {
    const row = await this.#write((db) =>
      db
        .insertInto('users')
        .values({ username, password_hash: passwordHash, created_at_ms: createdAtMs })
        .onConflict((conflict) => conflict.column('username').doNothing())
        .returningAll()
        .executeTakeFirst(),
    );
    if (row !== undefined) return userOf(row);
    throw new AtlasError('user_exists', 'there is a user of that name already', {
      hint: 'choose another name, or change the password of that user',
    });
  }

  async setPassword(username: string, passwordHash: string): Promise<void> {
    await this.#write(async (db) => {
      const user = await db
        .updateTable('users')
        .set({ password_hash: passwordHash })
        .where('username', '=', username)
        .returning('user_id')
        .executeTakeFirst();
      if (user === undefined) throw new AtlasError('user_unknown', 'there is no user of that name');
      await db.deleteFrom('sessions').where('user_id', '=', user.user_id).execute();
    });
  }

  async addSession(session: Session): Promise<void> {
    await this.#write((db) => db.insertInto('sessions').values(sessionRow(session)).execute());
  }

  async session(sessionHash: string): Promise<Session | undefined> {
    const query = this.#db.reader.selectFrom('sessions').selectAll().where('session_hash', '=', sessionHash);
    const row = await query.executeTakeFirst();
    return row && sessionOf(row);
  }

  async touchSession(sessionHash: string, lastUsedAtMs: number): Promise<void> {
    await this.#write((db) =>
      db
        .updateTable('sessions')
        .set({ last_used_at_ms: lastUsedAtMs })
        .where('session_hash', '=', sessionHash)
        .execute(),
    );
  }

  async endSession(sessionHash: string): Promise<void> {
    await this.#write((db) => db.deleteFrom('sessions').where('session_hash', '=', sessionHash).execute());
  }

  async sweepSessions(beforeMs: number): Promise<void> {
    await this.#write((db) => db.deleteFrom('sessions').where('expires_at_ms', '<', beforeMs).execute());
  }

  async setSetupCode(codeHash: string, expiresAtMs: number): Promise<void> {
    const row = { slot: SETUP_SLOT, code_hash: codeHash, expires_at_ms: expiresAtMs };
    await this.#write((db) =>
      db
        .insertInto('setup_code')
        .values(row)
        .onConflict((conflict) => conflict.column('slot').doUpdateSet(row))
        .execute(),
    );
  }

  /** Looking and taking are one statement, so of two who send the code at once only one gets it. */
  async takeSetupCode(codeHash: string, nowMs: number): Promise<boolean> {
    const taken = await this.#write((db) =>
      db
        .deleteFrom('setup_code')
        .where('code_hash', '=', codeHash)
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst(),
    );
    return taken.numDeletedRows > 0n;
  }

  async tokens(): Promise<readonly ApiToken[]> {
    const rows = await this.#db.reader.selectFrom('tokens').selectAll().orderBy('name').execute();
    return rows.map(tokenOf);
  }

  async addToken(token: ApiToken): Promise<void> {
    const added = await this.#write((db) =>
      db
        .insertInto('tokens')
        .values(tokenRow(token))
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('token_id')
        .executeTakeFirst(),
    );
    if (added !== undefined) return;
    throw new AtlasError('token_name_taken', 'there is a token of that name already', {
      hint: 'choose another name, or remove that token first',
    });
  }

  async tokenByHash(tokenHash: string): Promise<ApiToken | undefined> {
    const query = this.#db.reader.selectFrom('tokens').selectAll().where('token_hash', '=', tokenHash);
    const row = await query.executeTakeFirst();
    return row && tokenOf(row);
  }

  async touchToken(tokenId: string, lastUsedAtMs: number, from: string | null): Promise<void> {
    await this.#write((db) =>
      db
        .updateTable('tokens')
        .set({ last_used_at_ms: lastUsedAtMs, last_used_from: from })
        .where('token_id', '=', tokenId)
        .execute(),
    );
  }

  async removeToken(tokenId: string): Promise<boolean> {
    const removed = await this.#write((db) =>
      db.deleteFrom('tokens').where('token_id', '=', tokenId).executeTakeFirst(),
    );
    return removed.numDeletedRows > 0n;
  }

  /** Each change in a transaction of its own: on SQLite only those wait for the lock with the event loop turning. */
  #write<Result>(change: (db: Transaction<Schema>) => Promise<Result>): Promise<Result> {
    return this.#db.writer.transaction().execute(change);
  }
}

function userOf(row: Selectable<UserTable>): User {
  return {
    userId: row.user_id,
    username: row.username,
    passwordHash: row.password_hash,
    createdAtMs: row.created_at_ms,
  };
}

function sessionRow(session: Session): Insertable<SessionTable> {
  return {
    session_hash: session.sessionHash,
    user_id: session.userId,
    csrf_token: session.csrfToken,
    created_at_ms: session.createdAtMs,
    last_used_at_ms: session.lastUsedAtMs,
    expires_at_ms: session.expiresAtMs,
  };
}

function sessionOf(row: Selectable<SessionTable>): Session {
  return {
    sessionHash: row.session_hash,
    userId: row.user_id,
    csrfToken: row.csrf_token,
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

function tokenRow(token: ApiToken): Insertable<TokenTable> {
  return {
    token_id: token.tokenId,
    name: token.name,
    token_hash: token.tokenHash,
    scopes: token.scopes.join(' '),
    created_at_ms: token.createdAtMs,
    expires_at_ms: token.expiresAtMs,
    last_used_at_ms: token.lastUsedAtMs,
    last_used_from: token.lastUsedFrom,
  };
}

function tokenOf(row: Selectable<TokenTable>): ApiToken {
  return {
    tokenId: row.token_id,
    name: row.name,
    tokenHash: row.token_hash,
    scopes: row.scopes === '' ? [] : (row.scopes.split(' ') as TokenScope[]),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    lastUsedFrom: row.last_used_from,
  };
}
