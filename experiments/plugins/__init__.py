"""Parts of a user's own, from a module that ``--plugin`` names: activations, optimizers, losses, models.

The parent process knows a plugin by its `offer.Offer` alone: names, default rates and a digest of its sources. Only
workers import it (`source`), and only the module that the command line named: no plan and no ledger can cause that.
"""
