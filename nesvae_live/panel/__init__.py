"""The panel: the page on which the instrument is seen and played, and its server, a process apart.

It talks to the instrument over the control socket, and reads what is heard from memory that nobody
waits for: whatever becomes of it, the music goes on.

    keeper        in the instrument: starts the process, and starts it again
    door          the port, on the loopback or for who has the token
    facts         what the process is told when it starts
    child         where the process begins
    process       uvicorn on the port, until the instrument is gone
    server        what browsers get: files, the map, kept bars, and one WebSocket
    guard         who may come in: Host, Origin, site and token are checked
    messages      everything that a page can say, and how much of it
    table         the targets as the page shows them
    watcher       looks at the instrument for all pages at once
    picture       what there is to see, told to each page as news
    soundring     what is heard, in memory shared with the instrument
    sound         that, for pages: pieces to be played, and the voices' waves
    takes         the takes beside the one that is recorded
    drop          a MIDI file's phrases, to be played from, and its style
    instrument    the control socket, asked from asyncio

`page/` is what the browser gets: plain ES modules, as they are.

May import `clock`, `music`, `latent`, `chip`, `control`, `take`, `io` and `io.remote`.
"""
