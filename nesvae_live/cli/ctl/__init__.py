"""`nesvae-live ctl`: commands to the instrument while it plays.

    ctl           sends a verb's command, and tells the answer
    verbs         the table of the verbs: what each does, and what may follow it
    verbcommands  what was given with a verb, as the command that is sent to io/remote
    prompt        `ctl` that stays open: what is typed, completion, history; a shell's completion

May import `cli/reading`, `yours` of `cli/network`, and every room below `cli`.
"""
