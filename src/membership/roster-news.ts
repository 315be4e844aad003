/** A step of the roster in words, for people who ask what was done and who signed it. */
import { counted } from '../base/counted.ts';
import type { Operation, RosterStep } from '../protocol/roster-step.ts';

export interface StepNews {
  epoch: number;
  /** RFC 3339, as the signer's clock had it. */
  at: string;
  signer: string;
  /** SHA-256, hex: by its first digits a past is chosen. */
  hash: string;
  sentences: string[];
}

export function newsOf({ epoch, time, signer, digest, operations }: RosterStep): StepNews {
  return {
    epoch,
    at: new Date(time * 1000).toISOString(),
    signer,
    hash: digest,
    sentences: operations.map((operation) => sentenceOf(operation, signer)),
  };
}

/** Who signed the last admission of each name. The founder was admitted by nobody. */
export function admittersOf(steps: readonly RosterStep[]): ReadonlyMap<string, string> {
  const admissions = steps.flatMap(({ signer, operations }) =>
    operations.flatMap((operation) =>
      operation.op === 'admit' ? [[operation.member.node_id, signer] as const] : [],
    ),
  );
  return new Map(admissions);
}

function sentenceOf(operation: Operation, signer: string): string {
  switch (operation.op) {
    case 'found':
      return `founded the cluster (admission by ${operation.admission}, level ${operation.level})`;
    case 'admit':
      return `admitted ${operation.member.node_id}${operation.ticket === undefined ? '' : ` by ticket ${operation.ticket}`}`;
    case 'leave':
      return `${signer} left`;
    case 'remove':
      return `removed ${operation.node_id}`;
    case 'evict':
      return `evicted ${operation.node_id}`;
    case 'readmit':
      return `lifted the ban of the name ${operation.node_id}`;
    case 'ticket':
      return `created ticket ${operation.id}, good until ${new Date(operation.expires * 1000).toISOString()}`;
    case 'revoke_ticket':
      return `revoked ticket ${operation.id}`;
    case 'admission':
      return `admission by ${operation.admission} from now on`;
    case 'level':
      return `security level ${operation.level} from now on`;
    case 'prepare_secret':
      return `sealed a new secret (key ${operation.key_id}) for ${counted(Object.keys(operation.sealed).length, 'member')}${operation.compromise ? ', after a compromise' : ''}`;
    case 'activate_secret':
      return `key ${operation.key_id} signs from now on`;
    case 'retire_secret':
      return `retired key ${operation.key_id}`;
    case 'abandon_secret':
      return `abandoned key ${operation.key_id}`;
    case 'note':
      return `noted: ${operation.text}`;
  }
}
