"""All tables from outside, in the order of the page."""

from experiments import checks
from experiments.errors import UserError
from experiments.published import keras_examples, nielsen, npfl138, scikit_learn
from experiments.published.table import Table

TABLES: dict[str, Table] = {
    table.id: table for module in (npfl138, nielsen, scikit_learn, keras_examples) for table in module.TABLES
}


def chosen(ids: list[str]) -> list[Table]:
    """Tables by id, all of them if none is named.

    Raises:
        UserError: there is no such table.
    """
    for each in ids:
        if each not in TABLES:
            raise UserError(checks.unknown("published table", each, list(TABLES)))
    return [TABLES[each] for each in dict.fromkeys(ids or TABLES)]
