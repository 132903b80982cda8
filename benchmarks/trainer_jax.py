"""The batched trainer as JAX has it: jit(vmap(scan)), compiled apart from its run.

Legend: S seeds, E epsilons, R = S * E runs, N training examples, D features, K classes, P batches of an epoch.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.trainer_peers import Answer, sizes, splits
from labelsmooth.datasets import Split
from labelsmooth.setups import TrainingSetup


def jax_scan(setup: TrainingSetup) -> Callable[[], Answer]:
    """Compile for a setup; the answer trains. ImportError without JAX."""
    import jax

    data = splits(setup)
    # Data belong to a seed, which its epsilons share; a network of its own begins with each.
    of_seed = jax.vmap(_training(setup), (0, None, None, None, 0))
    of_all = jax.jit(jax.vmap(of_seed, (0, 0, 0, 0, None)))
    compiled = of_all.lower(*_given(setup, data)).compile()
    test = jax.jit(jax.vmap(jax.vmap(_logits_of, (0, None))))

    def trained() -> Answer:
        chosen = np.asarray(test(compiled(*_given(setup, data)), np.stack([s.x_test for s in data]))).argmax(-1)
        return float(np.mean(chosen == np.stack([s.test_labels for s in data])[:, None]))

    return trained


def _logits_of(layers: Any, x: Any) -> Any:
    import jax

    for weight, bias in layers[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return x @ weight + bias


def _loss(layers: Any, x: Any, labels: Any, epsilon: Any) -> Any:
    import jax
    import jax.numpy as jnp

    log_probs = jax.nn.log_softmax(_logits_of(layers, x))
    on_label = jnp.take_along_axis(log_probs, labels[:, None], 1)[:, 0]
    return -((1 - epsilon) * on_label + epsilon * log_probs.mean(1)).mean()


def _step(rate: float, state: Any, x: Any, labels: Any, epsilon: Any) -> Any:
    """One step of Adam."""
    import jax
    import jax.numpy as jnp

    layers, means, squares, count = state
    gradients = jax.grad(_loss)(layers, x, labels, epsilon)
    count += 1
    means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
    squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradients)
    rate, scale = rate / (1 - 0.9**count), 1 / jnp.sqrt(1 - 0.999**count)
    layers = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * scale + 1e-8), layers, means, squares)
    return layers, means, squares, count


def _training(setup: TrainingSetup) -> Callable[..., Any]:
    """The training of one network: a scan over epochs, in each of which is one over batches."""
    import jax
    import jax.numpy as jnp

    full, rest = divmod(setup.train_size, setup.batch_size)

    def train(layers: Any, x: Any, labels: Any, orders: Any, epsilon: Any) -> Any:
        def batch(state: Any, rows: Any) -> tuple[Any, None]:
            return _step(setup.learning_rate, state, x[rows], labels[rows], epsilon), None

        def epoch(state: Any, order: Any) -> tuple[Any, None]:
            rows = order[: full * setup.batch_size].reshape(full, setup.batch_size)
            state, _ = jax.lax.scan(batch, state, rows)
            return (batch(state, order[full * setup.batch_size :])[0] if rest else state), None

        nothing = jax.tree.map(jnp.zeros_like, layers)
        start: Any = (layers, nothing, nothing, 0.0)
        (layers, *_), _ = jax.lax.scan(epoch, start, orders)
        return layers

    return train


def _given(setup: TrainingSetup, data: list[Split]) -> tuple[Any, ...]:
    """First weights and biases (S, E, ...), inputs (S, N, D), labels (S, N), orders (S, epochs, N), epsilons (E,)."""
    generator = np.random.default_rng(0)
    stack = (len(setup.seeds), len(setup.epsilons))
    layers = []
    for shape in pairwise(sizes(setup, data[0])):
        bound = np.sqrt(6 / shape[0])
        weights = generator.uniform(-bound, bound, (*stack, *shape)).astype(np.float32)
        layers.append((weights, np.zeros((*stack, shape[1]), np.float32)))
    orders = np.array([[generator.permutation(setup.train_size) for _ in range(setup.epochs)] for _ in data])
    x, labels = (np.stack([getattr(s, f) for s in data]) for f in ("x_train", "train_given"))
    epsilons = np.array(setup.epsilons, np.float32)
    return layers, x, labels.astype(np.int32), orders.astype(np.int32), epsilons
