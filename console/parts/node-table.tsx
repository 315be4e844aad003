/**
 * The servers of the cluster. Those that are missed stay listed until they are removed: a row that vanished would
 * tell nobody anything.
 */
import type { ClusterNode, HealthCheck } from '../api.ts';
import { count, hostAndPort, signedSeconds } from '../quantities.ts';
import { Foreign } from './foreign.tsx';
import { Shape } from './glyph.tsx';
import { StateBadge } from './state-badge.tsx';
import { TableHead } from './table-head.tsx';
import { TableRegion } from './table-region.tsx';
import { TimeAgo } from './time-ago.tsx';

const COLUMNS = [
  'Node',
  'State',
  'Last heartbeat',
  'Signature',
  'Clock offset',
  'Version, address',
  'Up since',
  'Reports/min',
] as const;
const NUMERIC = ['Clock offset', 'Reports/min'];

function Signature({ signature }: { readonly signature: string }) {
  if (signature === 'verified') {
    return (
      <span className="at-sign" data-tone="good">
        <Shape name="disc" />
        Verified
      </span>
    );
  }
  return (
    <span className="at-sign" data-tone="bad">
      <Shape name="cross" />
      <Foreign text={signature === 'off' ? 'Off' : signature} />
    </span>
  );
}

/** One dash, not two, for a node that has not told us either. */
function Place({ version, host, port }: ClusterNode) {
  if (version === '' && host === '') return '–';
  return (
    <>
      <Foreign text={version || '–'} />
      <span className="at-under">
        <Foreign text={hostAndPort(host, port)} />
      </span>
    </>
  );
}

function NodeRow({ node, checkedAt }: { readonly node: ClusterNode; readonly checkedAt: string }) {
  const age = node.last_heartbeat_age_seconds;
  return (
    <tr data-quiet={node.state === 'left' || node.state === 'evicted'}>
      <th scope="row">
        <Foreign text={node.node_id} />
        {node.this_node && <span className="at-mark">this node</span>}
        {node.hostname !== '' && node.hostname !== node.node_id && (
          <span className="at-under">
            <Foreign text={node.hostname} />
          </span>
        )}
        {node.key_id !== null && (
          <span className="at-under">
            Key id{' '}
            <code>
              <Foreign text={node.key_id} />
            </code>
          </span>
        )}
      </th>
      <td>
        <StateBadge state={node.state} />
      </td>
      <td>{age === null ? 'never' : <TimeAgo at={Date.parse(checkedAt) - age * 1000} />}</td>
      <td className="at-wide">
        <Signature signature={node.signature} />
      </td>
      <td className="at-number">{signedSeconds(node.clock_offset_seconds)}</td>
      <td className="at-tight">
        <Place {...node} />
      </td>
      <td>{node.started_at === null ? '–' : <TimeAgo at={node.started_at} />}</td>
      <td className="at-number">{count(node.reports_per_minute)}</td>
    </tr>
  );
}

export function NodeTable({ health }: { readonly health: HealthCheck }) {
  return (
    <section aria-labelledby="nodes">
      <div className="at-section-head">
        <h2 id="nodes">Nodes</h2>
      </div>
      <TableRegion label="Table of nodes">
        <TableHead columns={COLUMNS} numeric={NUMERIC} />
        <tbody>
          {health.nodes.map((node) => (
            <NodeRow key={`${node.state} ${node.node_id}`} node={node} checkedAt={health.checked_at} />
          ))}
        </tbody>
      </TableRegion>
    </section>
  );
}
