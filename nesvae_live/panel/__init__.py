"""The page on which the instrument is looked at and touched, and its server, a process of its own.

Start with `keeper`: it opens the port in the instrument, and starts the process and starts it again.
`child` begins that process and `process` serves: it speaks to the instrument over the control socket alone, so that the
music goes on whatever becomes of it. There `instrument` asks, `picture` keeps what there is to see,
`server` serves it to browsers behind `guard`, `messages` are all that a page can say, and `table`
says which targets it shows where. `page/` is what the browser gets: plain ES modules, as they are.

It may import clock, music, latent, control and io.remote.
"""
