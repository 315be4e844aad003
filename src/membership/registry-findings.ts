/** What is wrong with the registry, with this node's own row in it, or with its own clock. */
import { type ClusterFacts, recentRefusals, runTwice } from './cluster-facts.ts';
import type { Finding } from './finding.ts';
import { isSuspicious } from './refusal-words.ts';

export function registry(facts: ClusterFacts): Finding[] {
  const found = outage(facts);
  const missing = facts.members.filter((member) => member.missing).map((member) => member.nodeId);
  if (missing.length > 0 && facts.registryOutage === null) {
    found.push({
      code: 'registry_incomplete',
      severity: 'warning',
      sentence: `The registry is incomplete: it holds nothing that ${missing.join(', ')} wrote. Somebody removed or overwrote it; that is no sign that they stopped.`,
      mend: 'See who can write to the registry. A running server writes its row again within one interval.',
    });
  }
  if (facts.junkNames > 0) {
    found.push({
      code: 'registry_junk',
      severity: 'info',
      sentence: `The registry holds ${facts.junkNames} names that no server can have; they are not read.`,
      mend: 'Remove them, and see who else can write to the registry.',
    });
  }
  if (facts.unreadNames > 0) {
    found.push({
      code: 'registry_crowded',
      severity: 'warning',
      sentence: `The registry is crowded: at least ${facts.unreadNames} names in it are not read yet, so a new server is seen late or not at all.`,
      mend: 'Remove the rows of servers that do not exist, and see who else can write to the registry.',
    });
  }
  return found;
}

function outage({ registryOutage, selfNodeId }: ClusterFacts): Finding[] {
  if (registryOutage === null) return [];
  const { kind, reason, sinceMs } = registryOutage;
  const since = new Date(sinceMs).toISOString();
  if (kind === 'unreadable') {
    return [
      {
        code: 'registry_unavailable',
        severity: 'critical',
        sentence: `The registry is unavailable since ${since} (${reason}). Nobody is declared dead meanwhile, and reports are still taken.`,
        mend: 'Bring the backend back; this server goes on by itself.',
      },
    ];
  }
  return [
    {
      code: 'registry_not_writable',
      severity: 'critical',
      sentence: `The registry takes nothing that ${selfNodeId} writes since ${since} (${reason}). It declares nobody dead meanwhile, and takes reports; where only its own writes are refused, the others call it offline.`,
      mend: 'See the reason: a full disk or memory, a replica, or no right to write. This server goes on by itself.',
    },
  ];
}

/** Old records over our own row: nobody but somebody who holds copies puts them there. */
export function ownSlot(facts: ClusterFacts): Finding[] {
  if (runTwice(facts).has(facts.selfNodeId)) return []; // that is who
  const putBack = recentRefusals(facts).some(
    ({ code, slot }) => !isSuspicious(code) && slot.endsWith(`:${facts.selfNodeId}`),
  );
  if (!facts.ownSlotLost && !putBack) return [];
  return [
    {
      code: 'own_slot_overwritten',
      severity: 'warning',
      sentence: `Somebody overwrites or removes the row of ${facts.selfNodeId} in the registry; the other servers may see it as silent.`,
      mend: 'See who can write to the registry, and that no other machine runs as this server.',
    },
  ];
}

export function clock(facts: ClusterFacts): Finding[] {
  if (facts.ownClock === 'trusted') return [];
  const mend = 'Set this clock (macOS: sudo sntp -sS time.apple.com; Linux: timedatectl set-ntp true).';
  if (facts.ownClock === 'behind') {
    return [
      {
        code: 'own_clock_suspect',
        severity: 'critical',
        sentence: `Most other servers look as if their clocks were ahead, so it is probably the clock of ${facts.selfNodeId} that is behind.`,
        mend,
      },
    ];
  }
  return [
    {
      code: 'own_clock_suspect',
      severity: 'warning',
      sentence: `The records of most other servers come too late: the clock of ${facts.selfNodeId} is ahead, or somebody holds their records back.`,
      mend: `${mend} If it is right, see who can write to the registry.`,
    },
  ];
}
