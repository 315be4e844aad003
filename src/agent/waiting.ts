/** Why a report waits, in words, with the mend that fits: for the log, and for who sends one report by hand. */

export interface Waiting {
  readonly words?: string;
  readonly hint: string;
}

/** The first that matches the reason counts. */
const KNOWN: readonly (Waiting & { readonly reason: RegExp })[] = [
  {
    reason: /^EPIN$/,
    words: 'the server shows another key than the pinned one',
    hint: 'compare the pin with pin= in the line "Listening on" of the server\'s log; if they differ, it is another server',
  },
  {
    reason: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    words: "the server's certificate is not valid now",
    hint: 'compare the clocks of both machines, then renew the certificate',
  },
  {
    reason: /^(DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/,
    words: 'no authority that this machine knows vouches for the server',
    hint: 'take pin= from the line "Listening on" of the server\'s log, and give it as --pin, or as agent.pins in config.yaml',
  },
  {
    reason: /^status 401/,
    words: 'the server refuses the API key',
    hint: 'compare the api key file with server.api_key',
  },
  {
    reason: / report_v1_off$/,
    words: 'the server takes no reports under the shared key',
    hint: 'set server.accept_v1: true on the server',
  },
];

/** `reason`: of a verdict that keeps the report (answer.ts). Undefined where it speaks for itself. */
export function whyWaiting(reason: string): Waiting | undefined {
  return KNOWN.find((one) => one.reason.test(reason));
}
