/** One slot of the registry, looked at for a person with a question: the bytes, and what this node thinks of them. */
import { decodeUtf8 } from '../../base/bytes.ts';
import { AtlasError } from '../../base/errors.ts';
import { refusalSentence } from '../../membership/refusal-words.ts';
import type { RefusalCode } from '../../protocol/refusal.ts';
import { readSlotKey, slotKey } from '../../protocol/registry-key.ts';
import type { MemberStore } from '../../store/member-store.ts';
import type { MemberWatch } from './member-watch.ts';

export interface SlotInspection {
  key: string;
  found: 'record' | 'missing' | 'unreadable';
  size_bytes: number | null;
  text: string | null;
  verified: boolean;
  code: RefusalCode | null;
  sentence: string;
}

const AUTHENTIC = 'Authentic, and inside its window.';
const UNPROVEN = 'In form, and inside its window. Authentication is off: anyone may have written it.';

/** `cluster`: null without cluster mode. Rejects with slot_unknown for a key that no slot has. */
export async function inspectSlot(
  key: string,
  cluster: { readonly store: MemberStore; readonly watch: MemberWatch } | null,
  { authenticated, self }: { readonly authenticated: boolean; readonly self: string },
): Promise<SlotInspection> {
  const slot = readSlotKey(key);
  if (cluster === null || slot === null) {
    throw new AtlasError('slot_unknown', 'There is no such key in the registry.', {
      hint: `Keys look like ${slotKey('node', '<node_id>')} and ${slotKey('heartbeat', '<node_id>')}.`,
    });
  }
  const reading = await cluster.store.inspect(slot.type, slot.nodeId);
  if (reading.kind !== 'bytes') {
    const sentence = reading.kind === 'missing' ? 'Nothing lies there.' : `Not readable: ${reading.reason}.`;
    return { key, found: reading.kind, size_bytes: null, text: null, verified: false, code: null, sentence };
  }
  const refusal = cluster.watch.examine(slot.type, slot.nodeId, reading.bytes);
  const unrefused = authenticated ? AUTHENTIC : UNPROVEN;
  return {
    key,
    found: 'record',
    size_bytes: reading.bytes.byteLength,
    text: decodeUtf8(reading.bytes) ?? null,
    verified: refusal === undefined && authenticated,
    code: refusal?.code ?? null,
    sentence: refusal ? refusalSentence(refusal, self) : unrefused,
  };
}
