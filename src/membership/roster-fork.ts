/**
 * Two steps with one parent: which of them counts? The rule asks for nothing but the two branches and where they
 * part, so that all who see both agree. Only a backend that is hostile or that lost what it had acknowledged, or a
 * member that lies, makes a fork: honest ones write a step only where there is none.
 */
import type { Operation, RosterStep } from '../protocol/roster-step.ts';
import type { Roster } from './roster.ts';

/** `frozen`: each takes a signer of the other out, and only the operator can know who is right. */
export type ForkVerdict = 'ours' | 'theirs' | 'frozen';

type Branch = readonly RosterStep[];

/**
 * `ours` and `theirs`: the steps from the fork on, each at least one, and each a valid chain. `before`: the roster
 * where they part; null when they have not even the first step in common. In this order, the branch wins that
 *
 * 1. takes out a signer of the other, however far behind: otherwise who was evicted could write itself another past,
 *    in which it was not, and begin it with a step that somebody honest once signed;
 * 2. retires the secret that counted before: who followed it has forgotten that secret, finds no envelope of it and
 *    could not sign in the other branch, while the secret of this one is sealed for each in its steps;
 * 3. evicts: what is lost with a branch has to be done again, and a ban is not to be open till then;
 * 4. has the lower digest.
 */
export function judgeFork(ours: Branch, theirs: Branch, before: Roster | null): ForkVerdict {
  const [our, their] = [ours[0], theirs[0]];
  if (our === undefined || their === undefined) throw new TypeError('a branch has a step');
  const oursRemoves = removesSignerOf(ours, theirs);
  const theirsRemoves = removesSignerOf(theirs, ours);
  if (oursRemoves && theirsRemoves) return 'frozen';
  if (oursRemoves !== theirsRemoves) return oursRemoves ? 'ours' : 'theirs';
  for (const rule of [retiresSecret, evicts]) {
    const isOurs = rule(ours, before);
    if (isOurs !== rule(theirs, before)) return isOurs ? 'ours' : 'theirs';
  }
  return our.digest < their.digest ? 'ours' : 'theirs';
}

export function removesSignerOf(branch: Branch, other: Branch): boolean {
  const signers = new Set(other.map(({ signer }) => signer));
  return operationsOf(branch).some(
    (operation) => (operation.op === 'evict' || operation.op === 'remove') && signers.has(operation.node_id),
  );
}

function retiresSecret(branch: Branch, before: Roster | null): boolean {
  const operations = operationsOf(branch);
  const counted = before?.keyId ?? operations.find((operation) => operation.op === 'found')?.key_id;
  return operations.some((operation) => operation.op === 'retire_secret' && operation.key_id === counted);
}

function evicts(branch: Branch): boolean {
  return operationsOf(branch).some(({ op }) => op === 'evict');
}

function operationsOf(branch: Branch): Operation[] {
  return branch.flatMap(({ operations }) => operations);
}
