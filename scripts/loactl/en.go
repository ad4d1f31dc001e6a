package main

// en are the texts in English.
var en = map[string]string{
	"usage":           "usage:",
	"unknown-command": "there is no command %q; see loactl help",
	"arguments":       "%d arguments are too few or too many",
	"help.head":       "loactl makes, signs and sends what the loudspeakers of a commune say.\n\nCommands:",
	"help.foot":       "\nWith every command: --authority DIR (or $LOA_AUTHORITY), --lang vi|en, --json, --broker URL, --client NAME.\nPassphrases come from the terminal, or from the file that $LOA_PASSPHRASE_FILE names.\nExit codes: 0 done, 1 failed, 2 not understood, 3 no broker took it, 4 no box took it.\nMore: loactl help COMMAND",
	"no-terminal":     "a passphrase is needed and there is no terminal to ask for it: name a file in LOA_PASSPHRASE_FILE",
	"passphrase":      "Passphrase of %s: ",
	"who-signs":       "say who signs: --as NAME[,NAME]",
	"bad-id":          "%q cannot be an id: use a to z, 0 to 9 and -, at most 64",
	"until":           "until %s",
	"connection":      "no connection to broker %s: %s",
	"no-broker":       "%s (%s, waited %v) [%s]",
	"quorum":          "one signature is not enough: %s",
	"refused":         "%s would be refused by the boxes, so it was not sent: %s",

	"cmd.init":     "make an authority: root, officers, dispatcher, certificates",
	"cmd.person":   "people and their keys",
	"cmd.place":    "places: province, communes, hamlets, groups",
	"cmd.grant":    "who may say what, and where",
	"cmd.box":      "take a box in, move it, set it",
	"cmd.bulletin": "bulletins: write, check, sign, approve, withdraw",
	"cmd.schedule": "schedules: what sounds when",
	"cmd.policy":   "local law: quiet hours, air time, volume",
	"cmd.playlist": "make bulletins and a schedule of a playlist or a folder of audio",
	"cmd.send":     "send what the broker does not have yet",
	"cmd.alert":    "emergency alerts: set and clear",
	"cmd.play":     "play something now",
	"cmd.drill":    "hold a drill now",
	"cmd.stop":     "make a place or a box fall silent",
	"cmd.mute":     "mute one box for a while",
	"cmd.unmute":   "let a muted box sound again",
	"cmd.ahead":    "what will sound in the next hours, and what will be refused",
	"cmd.watch":    "live table of the boxes",
	"cmd.ask":      "ask a box's console",
	"cmd.ledger":   "what a box has really played: fetch and verify",
	"cmd.dispatch": "send signs of life, answer time questions, collect ledgers",
	"cmd.version":  "which version this is",
	"cmd.help":     "this, or more about one command",

	"use.init":     "init --place CODE[@PARENT]=NAME … [--name NAME] [--holders 5] [--threshold 3] [--hosts HOST,…] [--brokers URL,…] [--media URL,…] [--throw-away]",
	"use.person":   "person add NAME\nperson list",
	"use.place":    "place add CODE --name NAME [--parent CODE] [--width N] --as ROOT,…\nplace approve --as ROOT,… [--send]\nplace list",
	"use.grant":    "grant give PERSON PLACE [--role author|officer|installer] [--office ID] --as ROOT,…\ngrant take PERSON [PLACE] --as ROOT,…\ngrant renew --as ROOT,…\ngrant approve --as ROOT,… [--send]\ngrant list",
	"use.box":      "box add NAME --place CODE --board KIND --as NAME,NAME [--groups CODE,…] [--name TEXT] [--volume N] [--commissioned] [--metered] [--delay-ms N]\nbox set NAME --as NAME,NAME [--place CODE] [--board KIND] [--groups CODE,…] [--volume N] [--commissioned] [--metered] [--delay-ms N]\nbox approve NAME --as NAME [--send]\nbox list",
	"use.bulletin": "bulletin new [ID] --place CODE\nbulletin check FILE…\nbulletin sign FILE… --as NAME [--send]\nbulletin approve ID --as NAME [--send]\nbulletin withdraw ID --as NAME [--send]\nbulletin show ID\nbulletin list",
	"use.schedule": "schedule new [ID] --place CODE\nschedule check FILE…\nschedule sign FILE… --as NAME [--send]\nschedule approve ID --as NAME [--send]\nschedule withdraw ID --as NAME [--send]\nschedule show ID\nschedule list",
	"use.policy":   "policy new [ID] --place CODE\npolicy check FILE…\npolicy sign FILE… --as NAME [--send]\npolicy approve ID --as NAME [--send]\npolicy withdraw ID --as NAME [--send]\npolicy show ID\npolicy list",
	"use.playlist": "playlist FILE.m3u|FILE.m3u8|FILE.xspf|FOLDER --place CODE [--out DIR] [--at 05:30,17:00] [--days mon,tue] [--for 30m] [--gap 2s] [--item-lang vi] [--encode]",
	"use.send":     "send [--all]",
	"use.alert":    "alert set PLACE --event TEXT --headline TEXT --as NAME,NAME [--instruction TEXT] [--bulletin ID] [--tone siren] [--repeat N] [--gap 20s] [--for 1h] [--another] [--id ID] [--office ID] [--severity severe] [--urgency immediate] [--certainty observed]\nalert clear PLACE --as NAME [--id ID] [--office ID] [--cancel PLACE/OFFICE/ID]\nalert list",
	"use.play":     "play PLACE|BOX --bulletin ID --as NAME [--repeat N] [--volume N] [--for 5m] [--wait 5s]\nplay PLACE|BOX --chime gong|two-tone|siren|drill|test [--class normal] --as NAME …",
	"use.drill":    "drill PLACE --bulletin ID --as NAME [--repeat N] [--wait 5s]",
	"use.stop":     "stop PLACE|BOX --as NAME [--classes live,drill,priority,normal,filler,test] [--reason TEXT] [--wait 5s]",
	"use.mute":     "mute BOX --as NAME [--for 1h] [--reason TEXT] [--wait 5s]",
	"use.unmute":   "unmute BOX --as NAME [--reason TEXT] [--wait 5s]",
	"use.ahead":    "ahead PLACE|BOX [--hours 24 | --days 7] [--pending]",
	"use.watch":    "watch [--once]",
	"use.ask":      "ask BOX COMMAND… [--wait 20s]",
	"use.ledger":   "ledger [BOX] [--verify] [--last 50]",
	"use.dispatch": "dispatch [--serve-broker HOST:PORT] [--serve-media HOST:PORT] [--every 2m]",
	"use.version":  "version",
	"use.help":     "help [COMMAND]",

	"init.no-place": "name at least one place: --place 74=\"Tỉnh Bình Dương\" --place 26734@74=\"Xã An Sơn\"",
	"init.place":    "--place %q is no place, perhaps without a name: write CODE[@PARENT]=NAME, such as 26734@74=\"An Sơn\"",
	"init.no-host":  "name the host on which broker and media server are reached: --hosts loa.example",
	"init.address":  "%q is no address: write tls://host:8883 for a broker and https://host:8443 for media",
	"init.done":     "The authority %q is in %s.",
	"init.root":     "Of the root's %[2]d keys %[1]d must sign. Take people/root-*.key off this machine and keep them apart. Officers:",
	"init.next":     "Next:\n  loactl box add NAME --place CODE --board KIND --as NAME,NAME   (two who may assign boxes)\n  loactl dispatch                                   (keep it running; with --serve-broker, --serve-media where there are none)\n  loactl send",

	"person.added":  "%s has a key now. It can say nothing yet: loactl grant give.",
	"place.added":   "Place %s (%s) is registered. Send it with loactl send.",
	"grant.role":    "there is no role %q: author, officer or installer",
	"grant.none":    "%s has been granted nothing there: see loactl grant list",
	"grant.given":   "%s may now speak at %s as %s. Send it with loactl send.",
	"grant.taken":   "%s may say nothing there any more, and what this key has signed counts no more. Send it with loactl send.",
	"grant.renewed": "%d grants were renewed: those past half their life. Send them with loactl send.",

	"box.needs": "say where it stands and who assigns it: --place CODE --as NAME,NAME",
	"box.board": "there is no board %q: write --board KIND, one of %s, or the path of a .toml file. desk is for desks: a horn in the street that is called a desk plays at full level",
	"box.kind":  "The board is written down as %[1]s. A box that runs changes only with board = %[1]q in its own /etc/loa/agent.toml.",
	"box.none":  "there is no box %s",
	"box.added": "Box %s belongs to %s: %s. What it carries is in %s: copy etc/loa from there to the box's /etc/loa, then delete it here, because the box's secret key is in it. After that: loactl send.",
	"box.set":   "Box %s belongs to %s: %s. Send it with loactl send.",

	"setting.volume":         "volume %d %%",
	"setting.by-board":       "volume by its board",
	"setting.commissioned":   "commissioned",
	"setting.uncommissioned": "not commissioned",
	"setting.metered":        "on a SIM card",
	"setting.delay":          "%d ms late",

	"document.good":     "Well formed, a box would read it: %s",
	"document.other":    "this is a document of kind %s",
	"document.several":  "%s stands for several documents: write PLACE/ID",
	"document.none":     "there is no %s %s",
	"document.head":     "%s, signed by %s",
	"document.signed":   "%s is signed by %s. Send it with loactl send.",
	"document.sent":     "%s is sent.",
	"document.pending":  "%s is signed by %s and waits for another signature: loactl … approve.",
	"state.signed":      "signed",
	"state.pending":     "waits",
	"state.withdrawn":   "withdrawn",
	"state.void":        "void",
	"state.over":        "over",
	"schedule.unsigned": "bulletin %s has not been signed: sign it first, a schedule names its content",

	"template.bulletin": `# A bulletin: what is said. Sign it with: loactl bulletin sign THIS-FILE --as NAME
id = "%s"
place = "%s"
class = "normal"            # normal, priority, emergency, drill
origin = "own"              # own, higher, central, provincial, notice, answer
lang = "vi"
title = "The bulletin's title"
text = "What it says, for boards and for those who read."
valid_until = %s

[[audio]]
file = "bulletin.mp3"       # beside this file; measured and put where boxes fetch it`,
	"template.schedule": `# A schedule: what sounds when. Sign it with: loactl schedule sign THIS-FILE --as NAME
id = "%s"
place = "%s"
zone = "+07:00"
valid_until = %s

[[slots]]
id = "morning"
at = ["05:30"]
days = ["mon", "tue", "wed", "thu", "fri"]   # none: every day
for_s = 1800                # nothing of it sounds longer than this
items = [
  { chime = "gong" },
  { bulletin = "ID-OF-A-SIGNED-BULLETIN" },
]`,
	"template.policy": `# Local law, kept by every box itself. Sign it with: loactl policy sign THIS-FILE --as NAME
id = "%s"
place = "%s"
zone = "+07:00"
valid_until = %s
airtime_day_s = 7200        # relays count
volume_ceiling_percent = 80
relay_hosts = []

[[quiet_hours]]             # only an emergency sounds then
from = "21:00"
until = "05:30"`,

	"playlist.place":   "say for which place: --place CODE",
	"playlist.nothing": "nothing of it can be played",
	"playlist.length":  "streams have no length: say how long the slot is, --for 30m",
	"playlist.skipped": "left out: %s",
	"playlist.http":    "%s: boxes relay https only",
	"playlist.done":    "%d items, %v. The drafts are in %s.",
	"playlist.next":    "Next: loactl bulletin sign %s/bulletin-*.toml --as NAME; loactl schedule sign %s/schedule.toml --as NAME",

	"send.done":    "%d of %d documents were sent; the broker had the rest.",
	"send.newer":   "%s: the broker has a newer version than this authority, which was left alone.",
	"send.pending": "%d documents wait for a signature.",

	"play.what":  "say what: --bulletin ID or --chime NAME",
	"mute.for":   "write --for from 1m on; to let it sound again: loactl unmute",
	"act.unsent": "it did NOT go out and will not be sent later: give the command again when there is a broker",
	"act.until":  "It counts until %s: a box that only then gets it, or is no longer muted, begins as late as that.",
	"act.sent":   "%s was sent to %s.",

	"alert.needs":    "say what has happened and what people shall hear: --event, --headline",
	"alert.cancel":   "write what is cancelled as PLACE/OFFICE/ID",
	"alert.none":     "there is no active alert %s",
	"alert.unsent":   "the alert is signed and did NOT go out; loactl send tries again",
	"alert.clear":    "All clear: %s, office %s.",
	"alert.sent":     "Sent to %s, office %s. Active:",
	"alert.renewed":  "Alert %s (%s, until %s so far) is renewed. A box that has played all rounds does not play the same words again; to hear them once more: --another.",
	"alert.reworded": "Alert %s (%s, until %s so far) is changed. To have a second one: --another.",
	"alert.quiet":    "There is no active alert.",

	"ahead.head":    "The next %d hours at %s, %d lines, in +07:00:",
	"ahead.refused": "REFUSED",

	"dispatch.every":   "write --every 1s to 5m: boxes miss their authority after 6 minutes",
	"dispatch.broker":  "broker at %s",
	"dispatch.apart":   "MIND: the broker is at %s, and the boxes and loactl of this authority call %s; unless something forwards it they will not meet",
	"dispatch.media":   "media server at %v",
	"dispatch.running": "%s is online. Ctrl-C ends it.",

	"ledger.none":  "no entry of %s has come yet; loactl dispatch takes them in",
	"ledger.empty": "nothing has come yet",
	"ledger.good":  "%d entries to number %d, all signed and linked, head %s",
	"ledger.fork":  "this segment does not continue what the box sent before",
	"ledger.gap":   "MISSING %d to %d",

	"ask.silent": "%s has not answered within %v",

	"state.online":  "online",
	"state.offline": "off",
	"state.lost":    "LOST",
	"state.silent":  "never seen",
	"watch.head":    "%d of %d boxes online, %s",
	"watch.box":     "BOX",
	"watch.place":   "PLACE",
	"watch.state":   "STATE",
	"watch.clock":   "CLOCK",
	"watch.media":   "MEDIA",
	"watch.sounds":  "SOUNDS NOW",
	"watch.notes":   "FAULTS, REFUSALS",
	"watch.muted":   "muted until %s",
	"watch.refused": "refused %s: %s",
	"watch.forged":  "%d reports that it did not sign",
	"watch.ready":   "%s: ready on %d of %d",
	"watch.waiting": ", not on %s",

	"receipt.count":   "Taken by %d of %d boxes. Whether it sounded: loactl watch, loactl ledger.",
	"receipt.refused": "  %s refused it: %s. %s",
	"receipt.silent":  "  %s has not answered.",

	"flag.unknown":       "this command has no option --%s",
	"flag.empty":         "the option --%s needs a value",
	"passphrase.again":   "Passphrase of %s again: ",
	"passphrase.differs": "The two are not the same. Once more:",
	"person.ca":          "the certificates' key (ca)",
	"role.officer":       "officers: bulletins, schedules, policy, alerts",
	"role.installer":     "assign boxes",
	"init.broker":        "A mosquitto configuration is in %s; scripts/broker/README.md says how to install it.",
	"list.waits":         "it is written down and NOT in force: %d of %d holders of the root have signed; others add theirs with: loactl place approve --as ROOT,…",
	"box.waits-not":      "nothing about box %s waits for a signature",
	"list.none":          "no change of places or grants waits for a signature",
	"place.waits":        "waits for signatures",
	"place.none":         "there is no place %s: see loactl place list",
	"target.none":        "there is neither a box nor a place %s: see loactl box list, loactl place list",
	"play.chime":         "there is no chime %q: gong, two-tone, siren, drill or test",
	"clock.none":         "unknown",
	"clock.floor":        "unsure",
	"clock.ntp":          "NTP",
	"clock.rtc":          "clock",
	"clock.signed":       "signed",
	"class.emergency":    "emergency",
	"class.live":         "live",
	"class.drill":        "drill",
	"class.priority":     "priority",
	"class.normal":       "normal",
	"class.filler":       "filler",
	"class.test":         "test",
	"kind.boot":          "boot",
	"kind.start":         "start",
	"kind.pause":         "pause",
	"kind.end":           "end",
	"kind.shown":         "shown",
	"kind.refused":       "refused",
	"kind.alert":         "alert",
	"kind.mute":          "mute",
	"kind.clock":         "clock",
	"kind.fault":         "fault",
	"kind.console":       "on site",
	"kind.event":         "event",
	"result.heard":       "heard",
	"result.silent":      "SILENT",
	"result.weak":        "WEAK",
	"result.partial":     "partial",
	"result.pre-empted":  "gave way",
	"result.refused":     "refused",
	"result.shown":       "shown",
	"result.dark":        "DARK",
	"result.missed":      "MISSED",
	"more.init":          "--place makes a place; name the upper one first. --hosts are the names or addresses that boxes call, written into the certificate.\n--brokers and --media are tls://HOST:8883 and https://HOST:8443 unless given. --throw-away: weak keys, for trying only.\nEach place gets two officers, CODE-1 and CODE-2; those at the top also assign boxes.",
	"more.grant":         "author: bulletins and schedules. officer: also policy, alerts, play now. installer: assigns and sets boxes.\n--office: for which office an officer sets alerts; by default the place's own. A grant to speak lasts 90 days: loactl grant renew.",
	"more.box":           "--board: the kind of box, from boards/. --commissioned: somebody has listened, it may play at full volume (30 % before that).\n--volume: 1 to 100. --metered: on a SIM card, it fetches sparingly. --delay-ms: plays later, for clusters that hear each other.",
	"more.alert":         "A province needs two signers, a commune one. To set an --event again renews and changes the alert that is active for it; only --for cuts it short.\nA box that has played all rounds sounds again only when words or tone have changed; to hear the same words once more, --another adds an alert.\n--id: set or change the alert of that id. Without --bulletin only the --tone sounds; --headline and --instruction are for whoever reads a board. clear without --id ends every alert of that office.",
	"more.play":          "It counts for 2 minutes: a box that is away or muted for longer plays nothing. --for: how long it sounds at most.",
	"more.drill":         "It counts for 2 minutes: a box that is away or muted for longer plays nothing.",
	"more.mute":          "The newest mute of a place takes the place of the one before, also when it is shorter.",
	"more.unmute":        "It ends what the same place has muted; another place ends its own. A mute that two signed, which silences emergencies too, takes two to end.",
	"more.ledger":        "Without a box: verify the ledgers of all. --verify: the signatures and the chain of one box.",
	"more.dispatch":      "Keep it running: after 6 minutes without signs of life a box reports that it has lost its centre.\n--serve-broker, --serve-media: be broker and media server too, enough for a commune. --every: 1s to 5m.",
	"more.ahead":         "--pending: also what still waits for a signature. Of a place the volume is that of its loudest box.",
	"more.playlist":      "--at: when it begins, several times with commas. --out: where the drafts go. --encode: make MP3 for boxes on a SIM card.",

	"waiting":                   "waiting for broker %s, at most %v: %s",
	"broker.broker-unreachable": "no broker answers; does mosquitto run, or loactl dispatch --serve-broker?",
	"broker.broker-refused":     "the broker refuses the name or the certificate of loactl; --client has to be the name in the certificate",
	"broker.tls-ca":             "the broker's certificate is not of this authority; look at --broker and --authority",
	"broker.tls-name":           "the broker's certificate is for another host; look at the broker's address",
	"broker.tls-expired":        "the broker's certificate is out of its time, or this machine's clock is wrong",
	"broker.subscribe-refused":  "the broker denies some topics; look at its access list for loactl",
	"broker.broker-silent":      "the broker accepts the connection and takes no message",

	"cmd.preview":     "what a board will show of a bulletin, before anybody signs it",
	"use.preview":     "preview FILE --board BOARD [--out DIR]\npreview --text TEXT [--style STYLE] --board BOARD [--out DIR]",
	"preview.needs":   "name a bulletin's file or --text, and --board: %s",
	"preview.nopanel": "%s has no board to read; these have one: %s",
	"preview.page":    "page %d, %.1f s: %s",
	"preview.bad":     "page %d: CANNOT BE SHOWN%s: %s",
	"preview.warning": "page %d: note%s: %s",
	"preview.place":   " (line %d, letter %d)",
	"preview.good":    "Everything fits, and every letter can be shown.",
	"preview.nothing": "%s has nothing to show: write text or pages",
	"preview.style":   "no style is called %q; there are notice, headline, left, scroll, scroll-up, wipe, blink, alert, drill, clock, narrow",
	"proof":           "%s: %s",
	"proof.at":        "line %d, letter %d: %s",
	"proof.offer":     "  is it meant to be: %s",
}
