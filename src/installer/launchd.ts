/**
 * The LaunchDaemon (launchd.plist(5)) and the rule that rotates its log (newsyslog.conf(5)). Every user of the Mac may
 * read both, and `launchctl print` shows the environment: neither ever holds a secret.
 */
import { type Product, pidFileOf } from './product.ts';
import { escapeXml } from './xml.ts';

/** Seconds between two starts of a service that keeps ending. */
const THROTTLE_SECONDS = 10;
/** Between SIGTERM and SIGKILL: a server drains, and lets its reports come to rest. */
export const EXIT_SECONDS = 30;
/** Decimal, as launchd wants it: 077, so that nobody else reads what the service writes. */
const UMASK = 0o077;
/** Connections of agents are file descriptors. */
const OPEN_FILES = { soft: 8192, hard: 65_536 };

type Value = string | number | boolean | readonly string[] | { readonly [key: string]: Value };

export function launchDaemon(product: Product): string {
  const { label, root, command, crashLog } = product;
  return plist({
    Label: label,
    ProgramArguments: [
      `${root}/bin/node`,
      `${root}/app/main.js`,
      command,
      ...['--config', `${root}/config.yaml`],
      // Where the rule for its log looks, also when the configuration puts the data elsewhere.
      ...['--pid-file', pidFileOf(product)],
    ],
    WorkingDirectory: root,
    EnvironmentVariables: { NODE_ENV: 'production', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: THROTTLE_SECONDS,
    ExitTimeOut: EXIT_SECONDS,
    // A server that macOS slows down while nobody sits at it would miss heartbeats.
    ProcessType: command === 'server' ? 'Interactive' : 'Background',
    Umask: UMASK,
    SoftResourceLimits: { NumberOfFiles: OPEN_FILES.soft },
    HardResourceLimits: { NumberOfFiles: OPEN_FILES.hard },
    StandardOutPath: crashLog,
    StandardErrorPath: crashLog,
  });
}

function plist(root: Value): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${element(root, '')}
</plist>
`;
}

function element(value: Value, indent: string): string {
  const deeper = `${indent}    `;
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>`;
  if (typeof value === 'number') return `${indent}<integer>${value}</integer>`;
  if (typeof value === 'boolean') return `${indent}<${value}/>`;
  if (isList(value)) {
    const items = value.map((one) => element(one, deeper));
    return [`${indent}<array>`, ...items, `${indent}</array>`].join('\n');
  }
  const pairs = Object.entries(value).map(
    ([key, one]) => `${deeper}<key>${escapeXml(key)}</key>\n${element(one, deeper)}`,
  );
  return [`${indent}<dict>`, ...pairs, `${indent}</dict>`].join('\n');
}

const isList = (value: Value): value is readonly string[] => Array.isArray(value);

/** Kilobytes at which a log is put aside. */
const LOG_KB = 10_240;
const CRASH_LOG_KB = 1024;
/** How many old ones are kept, compressed. */
const LOGS_KEPT = 5;
const SIGHUP = 1;

/** The crash log has no signal: launchd lets go of it when the service starts again. */
export function newsyslogRule(product: Product): string {
  const { title, log, crashLog } = product;
  return `# Logs of ${title}.
# logfile owner:group mode count size when flags pid_file signal
${log} root:wheel 640 ${LOGS_KEPT} ${LOG_KB} * J ${pidFileOf(product)} ${SIGHUP}
${crashLog} root:wheel 640 ${LOGS_KEPT} ${CRASH_LOG_KB} * JN
`;
}
