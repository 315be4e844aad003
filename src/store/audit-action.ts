/**
 * What the audit log can tell of: a stable dotted code for machines, a sentence for people. The part before the dot is
 * its kind, by which lists are filtered.
 *
 * Rules for successors: codes are only ever added, for entries outlive versions; and where servers of two versions
 * share a database, the older one meets codes that it does not have.
 */
export const AUDIT_ACTIONS = {
  'login.succeeded': 'Logged in',
  'login.refused': 'A user name or password was wrong',
  'login.ended': 'Logged out',
  'password.changed': 'Password changed; the other sessions of this user ended',
  'user.added': 'Administrator added',
  'setup.code_created': 'Setup code created',
  'setup.completed': 'First administrator added by the setup code',
  'token.created': 'API token created',
  'token.revoked': 'API token revoked',
  'roster.founded': 'The roster of the cluster was founded',
  'roster.admitted': 'A server was admitted to the cluster',
  'roster.removed': 'A server was taken off the roster',
  'roster.evicted': 'A server was evicted, and its key banned for ever',
  'roster.readmitted': 'An evicted server was admitted again with another key',
  'roster.chosen': 'A person said which of two pasts of the roster is right',
  'roster.admission_changed': 'The way into the cluster was changed',
  'roster.level_changed': 'The security level of the cluster was changed',
  'rotation.started': 'A new cluster secret was handed to the members',
  'rotation.activated': 'The members sign with the new cluster secret',
  'rotation.retired': 'The old cluster secret is accepted no more',
  'rotation.abandoned': 'The change of the cluster secret was abandoned',
  'ticket.created': 'Join ticket created',
  'ticket.revoked': 'Join ticket revoked',
  'ticket.redeemed': 'A server joined by a ticket',
  'ticket.refused': 'A join ticket was refused',
  'package.built': 'A package was built and handed over',
  'package.revoked': 'A package was made worthless: its join ticket admits nobody any more',
} as const satisfies Record<`${string}.${string}`, string>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

type KindOf<Action extends string> = Action extends `${infer Kind}.${string}` ? Kind : never;
export type AuditKind = KindOf<AuditAction>;

export function auditKind(action: AuditAction): AuditKind {
  return action.slice(0, action.indexOf('.')) as AuditKind;
}

export const AUDIT_KINDS = [...new Set((Object.keys(AUDIT_ACTIONS) as AuditAction[]).map(auditKind))];
