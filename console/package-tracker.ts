/** How far the server is that a package was built for, from the record of the package (services/packages). */
import type { PackageBuild } from './package-api.ts';
import type { StepLine } from './package-steps.ts';

export type Joined = PackageBuild['joined'][number];
export type JoinStage = 'waiting' | 'joining' | 'verified' | 'healthy' | 'refused' | 'gone';

/** Milliseconds after which help is offered. Arbitrary. */
const OVERDUE_MS = 3 * 60_000;

const REFUSED: readonly string[] = ['rejected', 'evicted'];

export function stageOf(joined: Joined | undefined): JoinStage {
  if (!joined) return 'waiting';
  if (joined.state === 'left') return 'gone';
  if (REFUSED.includes(joined.state)) return 'refused';
  if (joined.signature !== 'verified' || joined.state === 'unconfirmed') return 'joining';
  return joined.state === 'healthy' ? 'healthy' : 'verified';
}

const LADDER: readonly { readonly stage: JoinStage; readonly name: string }[] = [
  { stage: 'waiting', name: 'Waiting for the new server' },
  { stage: 'joining', name: 'Seen, joining' },
  { stage: 'verified', name: 'Signature verified' },
  { stage: 'healthy', name: 'Healthy' },
];

/** Where those stand that fell off. */
const RUNGS: Partial<Record<JoinStage, JoinStage>> = { refused: 'joining', gone: 'verified' };

/** The last rung is done when it is reached; the others when the next one is. */
export function joinLines(stage: JoinStage): readonly StepLine[] {
  const reached = LADDER.findIndex((rung) => rung.stage === (RUNGS[stage] ?? stage));
  return LADDER.map(({ name }, index) => ({
    name,
    state: index < reached || stage === 'healthy' ? 'done' : index === reached ? 'now' : 'next',
  }));
}

export function joinSentence(stage: JoinStage, name: string | null): string {
  const who = name ?? 'The new server';
  switch (stage) {
    case 'waiting':
      return 'Waiting for the new server. Install the package on the new Mac; this changes by itself.';
    case 'joining':
      return `${who} is seen and is being let in.`;
    case 'verified':
      return `${who} has proved itself with its signature, and is not healthy yet.`;
    case 'healthy':
      return `${who} has joined: signature verified, healthy.`;
    case 'gone':
      return `${who} has joined, and has left since.`;
    case 'refused':
      return `${who} is seen and is not let in. The Cluster Health Monitor says why.`;
  }
}

/** What is added where a server came after the package, and nothing says by which. */
export const joinDoubt = ({ by }: Joined): string =>
  by === 'time' ? 'joined since; by this or an earlier package' : '';

/** Whether it is time to say what to look at. `builtAt`: RFC 3339. */
export const isOverdue = (stage: JoinStage, builtAt: string, nowMs: number): boolean =>
  stage === 'waiting' && nowMs - Date.parse(builtAt) > OVERDUE_MS;

/** Nobody can come by it any more; null while somebody can, or could without a ticket. */
export function deadTicket({ ticket }: PackageBuild): string | null {
  if (ticket?.state === 'revoked') return 'Its join ticket is revoked: nobody can join by this package.';
  if (ticket?.state === 'expired') return 'Its join ticket has expired: build the package again.';
  return null;
}
