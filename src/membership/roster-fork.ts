/**
 * Two steps with one parent: which of them counts? The rule asks for nothing but the two branches, so that all who
 * see both agree. Only a hostile backend, or a member that lies, makes a fork: honest ones write a step only where
 * there is none.
 */
import type { RosterStep } from '../protocol/roster-step.ts';

/** `frozen`: each takes the other's signer out, and only the operator can know who is right. */
export type ForkVerdict = 'ours' | 'theirs' | 'frozen';

/**
 * `ours` and `theirs`: the steps from the fork on, each at least one, and each a valid chain. A branch that takes
 * out the signer of the other's first step wins, however far behind that is: otherwise who was evicted could write
 * itself another past, in which it was not. When neither does, the lower digest wins.
 */
export function judgeFork(ours: readonly RosterStep[], theirs: readonly RosterStep[]): ForkVerdict {
  const [our, their] = [ours[0], theirs[0]];
  if (our === undefined || their === undefined) throw new TypeError('a branch has a step');
  const oursRemoves = removes(ours, their.signer);
  const theirsRemoves = removes(theirs, our.signer);
  if (oursRemoves && theirsRemoves) return 'frozen';
  if (oursRemoves !== theirsRemoves) return oursRemoves ? 'ours' : 'theirs';
  return our.digest < their.digest ? 'ours' : 'theirs';
}

function removes(branch: readonly RosterStep[], signer: string): boolean {
  return branch.some(({ operations }) =>
    operations.some(
      (operation) => (operation.op === 'evict' || operation.op === 'remove') && operation.node_id === signer,
    ),
  );
}
