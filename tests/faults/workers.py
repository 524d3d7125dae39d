"""Workers that run out of memory, are killed for it, or hang."""

from tests.faults.scene import Content, Trial, scene

TIMEOUT = 2  # seconds; what counts as hung here


def trial(what: str, once: bool, status: str, words: str, calm: Content) -> Trial:
    """Runs of one activation are at fault, once or always; then nothing is."""
    with scene() as made:
        made.fault(worker=what, once=once)
        code, _, err = made.sweep("--timeout", TIMEOUT)
        right = code == (0 if once else 1) and words in err and "Traceback" not in err
        before = made.recorded()
        if not once:
            _, told, _ = made.call("status")
            right = right and f" {status}: digits mlp relu" in told and "to go on: " in told
            right = right and all("tanh" in run for run in made.runs())
        made.fault()
        again, _, _ = made.sweep()
        judged = made.judged(calm, before, err)
        judged.same = judged.same and right and again == 0
        return judged
