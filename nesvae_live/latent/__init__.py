"""latent: to be written."""
