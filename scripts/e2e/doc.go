// Package e2e proves from outside what a box does: scripts drive the agent and
// loactl as programs, over a broker, a media server, a sound card and an
// amplifier's line, and compare what was heard with what was sent.
//
// One script is one page in testdata/script. Besides what every testscript
// knows (exec, stdout, cmp, …) they say:
//
//	stage [mosquitto]            an authority, a broker, a media server, one box
//	broker stop|start            stopping forgets everything; it comes back empty
//	broker expired               it comes back with a certificate of last year
//	media break ID HOW           the recording becomes 404, corrupt, html or short; "heal" mends it
//	place CODE SIGNER            whose programme is signed from now on; before that the commune's
//	law CLOCK [LINE…]            the commune is quiet from 21:00 to 05:30 by a zone in which it is CLOCK now; more of its policy
//	tape record|replay           keep all that the broker sends; publish all of it again, as it came
//	another NAME, at NAME        one more box in the commune; of which box the script speaks
//	forger start|stop            whoever hears live talk sends each packet again, changed, and a tone of its own
//	said MASTER SCORE            half of the half seconds of a recording, or more, are in what sounded, in their order, as truly as SCORE
//	forged                       the forger's tone is in what sounded
//	bulletin ID FILE [CLASS]     sign a recording as a bulletin; of class "unheard", without listening to it
//	schedule ID +4s ITEM…        sign a slot that begins in 4 s: bulletins, chimes, relays of https://…; --yes: whatever loactl warns of; drill=silent|audible
//	sleep +2s                    until 2 s after the slot's begin
//	box start [FLAG…]            the agent; -tmpfs SIZE and -readonly are about its storage
//	box unfit [FLAG…]            the same, for one that is to end at once with exit status 78
//	box stop|kill|freeze|thaw    SIGTERM (it must end with 0), SIGKILL, SIGSTOP, SIGCONT
//	box fill                     no space left on its storage
//	cap sender NAME              an agency whose messages in CAP are taken
//	cap write FILE ID PLACE [type=|status=|headline=|refers=…]   a message that it has signed
//	modem                        the box has a mobile modem, at /dev/modem
//	sms FROM TEXT|@SHEET:N [24h] a message arrives, which was sent so long ago; N: a code of a sheet
//	answered N [TO REGEXP]       so many messages have gone out to the modem, the last to that number with such a text
//	switch FILE on|off           an input of the box, which its board file gives as a file
//	senses 100ms 2s LINE         what this line of loactl does is heard, seen and lit within 100 ms at each box, and 2 s at all
//	deaf                         nobody can reach the box from the network
//	console LINE                 one line to the box's console
//	until 10s REGEXP LINE        ask the console until it answers so
//	terminal open|type TEXT|key up|expect REGEXP|close   the console on a pseudo-terminal
//	ledger 20s [N] KIND[/RESULT] [ID]   until N such entries stand there
//	archived N                   the office's ledger of the box, N entries or more, is what stands on its disk
//	verify                       the ledger the box left: the chain is whole
//	heard MASTER SCORE [N]       what sounded holds the recording N times, as truly as SCORE
//	heard 10s MASTER SCORE [N]   … at least so often within 10 s
//	joined MASTER                what sounded last lies where the programme's timeline was
//	amp on|off|edges             the amplifier's line; "off 700ms" after the last blow to the box
//	ahead                        loactl and the box foretell the same
//	card [unplug|plug]           a sound card that takes its time, through ALSA
package e2e
