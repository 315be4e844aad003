/** Users, sessions and tokens as columns and back. What names a person, or could stand for one, may be sealed. */
import type { Insertable, Selectable } from 'kysely';
import type { ApiToken, Session, TokenScope, User } from '../account-store.ts';
import type { Cell, Cells } from './cells.ts';
import type { SessionTable, TokenTable, UserTable } from './schema.ts';

export function userRow(user: Omit<User, 'userId'>, cells: Cells): Insertable<UserTable> {
  const lookup = cells.lookup('users', user.username);
  return {
    username: cells.row('users', lookup).seal('username', user.username),
    username_lookup: lookup,
    password_hash: sealPassword(user.passwordHash, lookup, cells),
    created_at_ms: user.createdAtMs,
  };
}

export function sealPassword(passwordHash: string, lookup: string, cells: Cells): Cell {
  return cells.row('users', lookup).seal('password_hash', passwordHash);
}

export function userOf(stored: Selectable<UserTable>, cells: Cells): User {
  const row = cells.row('users', stored.username_lookup);
  return {
    userId: stored.user_id,
    username: row.open('username', stored.username),
    passwordHash: row.open('password_hash', stored.password_hash),
    createdAtMs: stored.created_at_ms,
  };
}

export function sessionRow(session: Session, cells: Cells): Insertable<SessionTable> {
  return {
    session_hash: session.sessionHash,
    user_id: session.userId,
    csrf_token: cells.row('sessions', session.sessionHash).seal('csrf_token', session.csrfToken),
    created_at_ms: session.createdAtMs,
    password_at_ms: session.passwordAtMs,
    last_used_at_ms: session.lastUsedAtMs,
    expires_at_ms: session.expiresAtMs,
  };
}

export function sessionOf(stored: Selectable<SessionTable>, cells: Cells): Session {
  return {
    sessionHash: stored.session_hash,
    userId: stored.user_id,
    csrfToken: cells.row('sessions', stored.session_hash).open('csrf_token', stored.csrf_token),
    createdAtMs: stored.created_at_ms,
    passwordAtMs: stored.password_at_ms,
    lastUsedAtMs: stored.last_used_at_ms,
    expiresAtMs: stored.expires_at_ms,
  };
}

export function tokenRow(token: ApiToken, cells: Cells): Insertable<TokenTable> {
  return {
    token_id: token.tokenId,
    name: cells.row('tokens', token.tokenId).seal('name', token.name),
    name_lookup: cells.lookup('tokens', token.name),
    token_hash: token.tokenHash,
    scopes: token.scopes.join(' '),
    created_at_ms: token.createdAtMs,
    expires_at_ms: token.expiresAtMs,
    last_used_at_ms: token.lastUsedAtMs,
    last_used_from: sealAddress(token.lastUsedFrom, token.tokenId, cells),
  };
}

export function sealAddress(address: string | null, tokenId: string, cells: Cells): Cell | null {
  return address === null ? null : cells.row('tokens', tokenId).seal('last_used_from', address);
}

export function tokenOf(stored: Selectable<TokenTable>, cells: Cells): ApiToken {
  const row = cells.row('tokens', stored.token_id);
  return {
    tokenId: stored.token_id,
    name: row.open('name', stored.name),
    tokenHash: stored.token_hash,
    scopes: stored.scopes === '' ? [] : (stored.scopes.split(' ') as TokenScope[]),
    createdAtMs: stored.created_at_ms,
    expiresAtMs: stored.expires_at_ms,
    lastUsedAtMs: stored.last_used_at_ms,
    lastUsedFrom: stored.last_used_from === null ? null : row.open('last_used_from', stored.last_used_from),
  };
}
