/** Whether the registry keeps what this node writes: written and read back, and how long that took. */
import type { Clock } from '../../base/clock.ts';
import { reasonOf } from '../../base/errors.ts';
import type { MemberStore } from '../../store/member-store.ts';

export interface WriteProbe {
  ok: boolean;
  milliseconds: number | null;
  error: string | null;
}

/** Without a registry, and before the first. */
export const NOT_PROBED: WriteProbe = { ok: true, milliseconds: null, error: null };

export async function probeWrite(store: Pick<MemberStore, 'probe'>, clock: Clock): Promise<WriteProbe> {
  const startedAt = clock.monotonicMs();
  try {
    await store.probe();
    const milliseconds = Math.round((clock.monotonicMs() - startedAt) * 10) / 10;
    return { ok: true, milliseconds, error: null };
  } catch (error) {
    return { ok: false, milliseconds: null, error: reasonOf(error).reason };
  }
}
