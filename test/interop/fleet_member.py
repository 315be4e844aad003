#!/usr/bin/env python3
"""Atlas Fleet from the outside: written from docs/protocol alone, sharing no code with the server.

    fleet_member.py vectors RECORDS.JSON ROSTER.JSON
    fleet_member.py witness REGISTRY --cluster ID --secret-file FILE [--roster]
    fleet_member.py member  REGISTRY --cluster ID --secret-file FILE --node-id NAME --address HOST:PORT

`vectors` judges the vectors. `witness` verifies every server's records, and with --roster the chain that admitted
them. `member` joins and beats, and obeys the lines of its input: `list`, `alter NAME`, `mend` and `leave`.

REGISTRY is `file:STATE_PATH` or `redis://HOST:PORT`; FILE holds the secret in base64 (/dev/stdin is a file). Answers
are one JSON object a line; exit 1 when something is not verified.
"""

import argparse
import json
import os
import select
import sys
import time

from alterations import all_alterations
from canonical import Refused
from keys import ClusterSecret
from member import Member
from peers import Peers, read_chain
from registries import open_registry
from vector_check import check_records, check_roster


def say(**answer):
    print(json.dumps(answer), flush=True)


def judge_vectors(args):
    wrong = []
    for path, check in ((args.records, check_records), (args.roster, check_roster)):
        with open(path, encoding="utf-8") as file:
            checked = check(json.load(file))
        say(vectors=os.path.basename(path), judged=checked.judged, wrong=checked.wrong)
        wrong += checked.wrong
    return 1 if wrong else 0


def bear_witness(args):
    registry, secret = open_registry(args.registry), read_secret(args)
    peers = Peers(registry, secret)
    for name, peer in peers.look().items():
        say(node_id=name, verified=True, key=peer.node["identity_key"], state=peer.heartbeat["state"])
    for slot, code in peers.refused.items():
        say(slot=slot, verified=False, code=code)
    if args.roster:
        try:
            chain = read_chain(registry, secret)
        except Refused as refused:
            say(roster=refused.code, verified=False)
            return 1
        say(roster=chain.epoch, verified=chain.proved, digest=chain.digest, members=chain.members)
    return 1 if peers.refused else 0


def be_member(args):
    registry, secret = open_registry(args.registry), read_secret(args)
    host, _, port = args.address.rpartition(":")
    member = Member(args.node_id, (host, int(port)), registry, secret, Peers(registry, secret))
    alterations = all_alterations()
    for words in beats_and_orders(member, args.interval):
        if words == ["list"]:
            for one in alterations.values():
                say(name=one.name, type=one.record_type, field=one.field, code=one.code, claims=one.claims)
        elif words[:1] == ["alter"]:
            member.alter(alterations[" ".join(words[1:])])
        elif words == ["mend"]:
            member.mend()
        elif words == ["leave"]:
            member.beat("left")
        say(done=" ".join(words), **member.place)
        if words == ["leave"]:
            break
    return 0


def beats_and_orders(member, interval):
    """Beats in its time for as long as the input is open, and hands on each line of it."""
    next_beat, pending = time.monotonic(), b""
    while True:
        if time.monotonic() >= next_beat:
            member.beat_in_time()
            next_beat = time.monotonic() + interval
        waited = max(0, next_beat - time.monotonic())
        if not select.select([sys.stdin], [], [], waited)[0]:
            continue
        data = os.read(sys.stdin.fileno(), 65_536)
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        yield from (line.decode().split() for line in lines)


def read_secret(args):
    with open(args.secret_file, encoding="ascii") as file:
        return ClusterSecret(file.read().strip(), args.cluster)


def parse_arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    commands = parser.add_subparsers(required=True)
    vectors = commands.add_parser("vectors")
    vectors.add_argument("records")
    vectors.add_argument("roster")
    vectors.set_defaults(run=judge_vectors)
    for name, run in (("witness", bear_witness), ("member", be_member)):
        command = commands.add_parser(name)
        command.add_argument("registry")
        command.add_argument("--cluster", required=True)
        command.add_argument("--secret-file", required=True)
        command.set_defaults(run=run)
        if name == "witness":
            command.add_argument("--roster", action="store_true")
        else:
            command.add_argument("--node-id", required=True)
            command.add_argument("--address", required=True)
            command.add_argument("--interval", type=float, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(arguments.run(arguments))
