/** Accounts in SQL, for any engine that kysely speaks to (the contract: store/account-store.ts). */
import type { Transaction } from 'kysely';
import { AtlasError } from '../../base/errors.ts';
import type { AccountStore, ApiToken, Session, User } from '../account-store.ts';
import {
  sealAddress,
  sealPassword,
  sessionOf,
  sessionRow,
  tokenOf,
  tokenRow,
  userOf,
  userRow,
} from './account-row.ts';
import type { SqlConnections } from './report-store.ts';
import type { Schema } from './schema.ts';
import { isStorable } from './storable.ts';
import { transact } from './transaction.ts';

const SETUP_SLOT = 1;

export class SqlAccountStore implements AccountStore {
  readonly #db: SqlConnections;

  constructor(db: SqlConnections) {
    this.#db = db;
  }

  async users(): Promise<readonly User[]> {
    const { reader, cells } = this.#db;
    const users = (await reader.selectFrom('users').selectAll().execute()).map((row) => userOf(row, cells));
    return users.sort((a, b) => (a.username < b.username ? -1 : 1));
  }

  async userByName(username: string): Promise<User | undefined> {
    if (!isStorable(username)) return undefined;
    const { reader, cells } = this.#db;
    const lookup = cells.lookup('users', username);
    const query = reader.selectFrom('users').selectAll().where('username_lookup', '=', lookup);
    const row = await query.executeTakeFirst();
    return row && userOf(row, cells);
  }

  async userById(userId: number): Promise<User | undefined> {
    const query = this.#db.reader.selectFrom('users').selectAll().where('user_id', '=', userId);
    const row = await query.executeTakeFirst();
    return row && userOf(row, this.#db.cells);
  }

  async addUser(user: Omit<User, 'userId'>): Promise<User> {
    const row = await this.#write((db) =>
      db
        .insertInto('users')
        .values(userRow(user, this.#db.cells))
        .onConflict((conflict) => conflict.column('username_lookup').doNothing())
        .returningAll()
        .executeTakeFirst(),
    );
    if (row !== undefined) return userOf(row, this.#db.cells);
    throw new AtlasError('user_exists', 'there is a user of that name already', {
      hint: 'choose another name, or change the password of that user',
    });
  }

  async setPassword(username: string, passwordHash: string): Promise<void> {
    if (!isStorable(username)) throw unknownUser();
    const { cells } = this.#db;
    const lookup = cells.lookup('users', username);
    await this.#write(async (db) => {
      const user = await db
        .updateTable('users')
        .set({ password_hash: sealPassword(passwordHash, lookup, cells) })
        .where('username_lookup', '=', lookup)
        .returning('user_id')
        .executeTakeFirst();
      if (user === undefined) throw unknownUser();
      await db.deleteFrom('sessions').where('user_id', '=', user.user_id).execute();
    });
  }

  async addSession(session: Session): Promise<void> {
    await this.#write((db) =>
      db.insertInto('sessions').values(sessionRow(session, this.#db.cells)).execute(),
    );
  }

  async session(sessionHash: string): Promise<Session | undefined> {
    const query = this.#db.reader.selectFrom('sessions').selectAll().where('session_hash', '=', sessionHash);
    const row = await query.executeTakeFirst();
    return row && sessionOf(row, this.#db.cells);
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

  async confirmSession(sessionHash: string, passwordAtMs: number): Promise<void> {
    await this.#write((db) =>
      db
        .updateTable('sessions')
        .set({ password_at_ms: passwordAtMs })
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
    const lookup = this.#db.cells.lookup('setup_code', codeHash);
    const row = { slot: SETUP_SLOT, code_hash: lookup, expires_at_ms: expiresAtMs };
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
    const lookup = this.#db.cells.lookup('setup_code', codeHash);
    const taken = await this.#write((db) =>
      db
        .deleteFrom('setup_code')
        .where('code_hash', '=', lookup)
        .where('expires_at_ms', '>', nowMs)
        .executeTakeFirst(),
    );
    return taken.numDeletedRows > 0n;
  }

  async tokens(): Promise<readonly ApiToken[]> {
    const { reader, cells } = this.#db;
    const tokens = (await reader.selectFrom('tokens').selectAll().execute()).map((row) =>
      tokenOf(row, cells),
    );
    return tokens.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async addToken(token: ApiToken): Promise<void> {
    const added = await this.#write((db) =>
      db
        .insertInto('tokens')
        .values(tokenRow(token, this.#db.cells))
        .onConflict((conflict) => conflict.column('name_lookup').doNothing())
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
    return row && tokenOf(row, this.#db.cells);
  }

  async touchToken(tokenId: string, lastUsedAtMs: number, from: string | null): Promise<void> {
    const used = sealAddress(from, tokenId, this.#db.cells);
    await this.#write((db) =>
      db
        .updateTable('tokens')
        .set({ last_used_at_ms: lastUsedAtMs, last_used_from: used })
        .where('token_id', '=', tokenId)
        .execute(),
    );
  }

  async removeToken(tokenId: string): Promise<boolean> {
    if (!isStorable(tokenId)) return false;
    const removed = await this.#write((db) =>
      db.deleteFrom('tokens').where('token_id', '=', tokenId).executeTakeFirst(),
    );
    return removed.numDeletedRows > 0n;
  }

  /** Each change in a transaction of its own: on SQLite only those wait for the lock with the event loop turning. */
  #write<Result>(change: (db: Transaction<Schema>) => Promise<Result>): Promise<Result> {
    return transact(this.#db.writer, change);
  }
}

function unknownUser(): AtlasError {
  return new AtlasError('user_unknown', 'there is no user of that name');
}
