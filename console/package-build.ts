/**
 * Builds a package and holds the file, in this page's memory alone, until another is built or the page is left. Ends
 * what is under way when the page is left.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from './api.ts';
import { orderPackage, type PackageBuild, type PackageOrder, packageBuild } from './package-api.ts';
import type { Building, Built } from './package-steps.ts';

/** The record has its end a moment after the last byte. */
const RECORD_PAUSE_MS = 300;
const RECORD_TRIES = 20;

async function finishedRecord(id: string, signal: AbortSignal): Promise<PackageBuild> {
  for (let tries = 1; ; tries += 1) {
    const record = await packageBuild(id, signal);
    if (record.state !== 'building' || tries === RECORD_TRIES) return record;
    await new Promise((resolve) => setTimeout(resolve, RECORD_PAUSE_MS));
  }
}

/** In hex; null where the browser has no cryptography, as on a page without TLS. */
async function sha256(file: Blob): Promise<string | null> {
  if (!window.isSecureContext) return null;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function compared(file: Blob, record: PackageBuild): Promise<Built> {
  const hash = record.sha256 === null ? null : await sha256(file);
  if (hash !== null && hash !== record.sha256) throw otherFile(record);
  return { file, record, isCompared: hash !== null };
}

const otherFile = ({ sha256: wanted }: PackageBuild): ApiError =>
  new ApiError({
    code: 'download_differs',
    title: 'The file is another one',
    detail: `What arrived has not the SHA-256 that the server wrote down (${wanted}). It is thrown away.`,
    hint: 'Something between the server and this browser changed it. Find out what before you try again.',
    status: 0,
  });

interface PackageBuilder {
  readonly building: Building;
  readonly start: (order: PackageOrder) => void;
  readonly cancel: () => void;
  /** Lets go of the file. */
  readonly reset: () => void;
}

export function usePackageBuild(): PackageBuilder {
  const client = useQueryClient();
  const [building, setBuilding] = useState<Building>({ phase: 'idle' });
  const running = useRef<AbortController>(undefined);

  const start = useCallback(
    async (order: PackageOrder) => {
      running.current?.abort();
      running.current = new AbortController();
      const { signal } = running.current;
      const sinceMs = Date.now();
      let at: 'assemble' | 'download' | 'compare' = 'assemble';
      const show = (next: Building) => signal.aborted || setBuilding(next);
      try {
        show({ phase: 'assemble', order, sinceMs, transfer: null });
        const { buildId, file: read } = await orderPackage(order, signal);
        at = 'download';
        show({ phase: 'download', order, sinceMs, transfer: { received: 0, total: null } });
        const file = await read((transfer) => show({ phase: 'download', order, sinceMs, transfer }));
        at = 'compare';
        const transfer = { received: file.size, total: file.size };
        show({ phase: 'compare', order, sinceMs, transfer });
        const built = await compared(file, await finishedRecord(buildId, signal));
        show({ phase: 'ready', built });
      } catch (error) {
        show({ phase: 'failed', order, at, error: error as Error });
      } finally {
        void client.invalidateQueries({ queryKey: ['cluster', 'packages', 'list'] });
      }
    },
    [client],
  );
  const cancel = useCallback(() => {
    running.current?.abort();
    setBuilding({ phase: 'cancelled' });
  }, []);
  useEffect(() => () => running.current?.abort(), []);
  const reset = useCallback(() => setBuilding({ phase: 'idle' }), []);
  return { building, start: (order) => void start(order), cancel, reset };
}
