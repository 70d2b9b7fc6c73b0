"""Files that people write: presets, controllers, patches, snapshots.

    preset             a preset: where it is found, and what its TOML may say
    controltables      its controls, with their options, defaults and pages
    controllers        the controller that it is for: ports, and where its controls are
    patchbank          its patches: the shipped ones, changed or added to
    tomltable          checks that name the key that is wrong
    presetfile         a preset changed when a control is learnt; comments stay
    snapshotbank       its snapshots, as JSON beside it
    catalogue          `presets list`, `show` and `check`
    controllerpicture  a controller from above, as text and as SVG
    midnam             names of controllers and notes, for DAWs
    controllersdoc     makes docs/controllers.md

May import `clock`, `music`, `latent` and `control`.
"""
