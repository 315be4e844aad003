/** What was refused, as pages and scripts ask for it. */
import type { RefusalCount } from '../../membership/refusal-ledger.ts';
import { refusalSentence } from '../../membership/refusal-words.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';

export interface RefusalView {
  code: RefusalCode;
  node_id: string;
  slot: string;
  count: number;
  first_at: string;
  last_at: string;
  sentence: string;
}

/** `self`: the id of the server that says it; `isEvicted`: of that one. */
export function describeRefusal(refused: RefusalCount, self: string, isEvicted: boolean): RefusalView {
  return {
    code: refused.code,
    node_id: refused.nodeId,
    slot: refused.slot,
    count: refused.count,
    first_at: new Date(refused.firstAtMs).toISOString(),
    last_at: new Date(refused.lastAtMs).toISOString(),
    sentence: refusalSentence(refused, self, isEvicted),
  };
}
