"""The table of all claims, in the order of every list and page. A file that is not named here does not exist."""

from experiments import checks
from experiments.claims.activations import (
    costs,
    dead_units,
    deep_nets,
    elu_mean,
    leaky_slope,
    linear_nets,
    maxout_contains_relu,
    maxout_costs,
    model_choice,
    prelu_learns,
    ranges,
    ranking,
    relu_benefits,
    relu_slope,
    relu_trains_faster,
    rounding_error,
    same_activation,
    same_sign,
    saturates,
    slopes,
    soft_decision,
    softmax_competition,
    softmax_identities,
    softmax_not_hidden,
    tanh_binary_head,
    tanh_scaled_sigmoid,
    vanishing_gradients,
    zero_centred,
)
from experiments.claims.claim import Claim
from experiments.claims.descent import (
    adam_against_sgd,
    adam_family,
    adam_memory,
    backprop,
    batch_memory,
    direction,
    direction_rate,
    falling_rates,
    local_minima,
    lowers_loss,
    memorising,
    minibatch_noise,
    minibatches,
    momentum_damps,
    momentum_memory,
    noise,
    oscillates,
    overshoot,
    per_parameter,
    rate,
    rmsprop_depth,
    updates,
)
from experiments.claims.losses import (
    cross_entropy,
    heads,
    hinge,
    metric,
    outliers,
    regression,
)

FAMILIES: dict[str, tuple[tuple[Claim, ...], ...]] = {
    "Activations": (
        linear_nets.CLAIMS,
        ranges.CLAIMS,
        slopes.CLAIMS,
        tanh_scaled_sigmoid.CLAIMS,
        relu_slope.CLAIMS,
        softmax_identities.CLAIMS,
        softmax_competition.CLAIMS,
        vanishing_gradients.CLAIMS,
        deep_nets.CLAIMS,
        saturates.CLAIMS,
        rounding_error.CLAIMS,
        tanh_binary_head.CLAIMS,
        relu_benefits.CLAIMS,
        leaky_slope.CLAIMS,
        soft_decision.CLAIMS,
        same_activation.CLAIMS,
        model_choice.CLAIMS,
        zero_centred.CLAIMS,
        same_sign.CLAIMS,
        costs.CLAIMS,
        relu_trains_faster.CLAIMS,
        dead_units.CLAIMS,
        prelu_learns.CLAIMS,
        elu_mean.CLAIMS,
        maxout_contains_relu.CLAIMS,
        maxout_costs.CLAIMS,
        ranking.CLAIMS,
        softmax_not_hidden.CLAIMS,
    ),
    "Heads and losses": (
        heads.CLAIMS,
        cross_entropy.CLAIMS,
        regression.CLAIMS,
        outliers.CLAIMS,
        hinge.CLAIMS,
        metric.CLAIMS,
    ),
    "Gradient descent and optimizers": (
        backprop.CLAIMS,
        updates.CLAIMS,
        lowers_loss.CLAIMS,
        memorising.CLAIMS,
        rate.CLAIMS,
        direction.CLAIMS,
        batch_memory.CLAIMS,
        minibatches.CLAIMS,
        minibatch_noise.CLAIMS,
        oscillates.CLAIMS,
        local_minima.CLAIMS,
        noise.CLAIMS,
        momentum_memory.CLAIMS,
        momentum_damps.CLAIMS,
        overshoot.CLAIMS,
        per_parameter.CLAIMS,
        rmsprop_depth.CLAIMS,
        falling_rates.CLAIMS,
        adam_family.CLAIMS,
        adam_against_sgd.CLAIMS,
        adam_memory.CLAIMS,
        direction_rate.CLAIMS,
    ),
}

CLAIMS: dict[str, Claim] = {claim.id: claim for files in FAMILIES.values() for claims in files for claim in claims}
"""By id."""

FAMILY: dict[str, str] = {
    claim.id: family for family, files in FAMILIES.items() for claims in files for claim in claims
}


def chosen(ids: list[str]) -> list[Claim]:
    """The claims of these ids, or all of them, in the order of the table.

    Raises:
        PlanError: there is no such claim.
    """
    for each in ids:
        checks.one_of(each, "claim", tuple(CLAIMS), more="; `claims --list` tells what each says")
    return [claim for claim in CLAIMS.values() if not ids or claim.id in ids]
