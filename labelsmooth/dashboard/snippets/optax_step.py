import jax
import jax.numpy as jnp
import optax

keys = jax.random.split(jax.random.key(0), 2)
inputs, labels = jax.random.normal(keys[0], (32, 20)), jax.random.randint(keys[1], (32,), 0, 5)
weights = jnp.zeros((20, 5))
optimizer = optax.adam(1e-2)
state = optimizer.init(weights)


def smoothed_loss(weights, epsilon=0.1):
    """The mean cross-entropy with smoothed targets."""
    targets = optax.smooth_labels(jax.nn.one_hot(labels, 5), epsilon)  # floats: integer targets raise
    return optax.softmax_cross_entropy(inputs @ weights, targets).mean()


@jax.jit
def step(weights, state):
    """The weights after one update, and the optimizer's state."""
    updates, state = optimizer.update(jax.grad(smoothed_loss)(weights), state)
    return optax.apply_updates(weights, updates), state


for _ in range(20):
    weights, state = step(weights, state)
logits, loss = inputs @ weights, smoothed_loss(weights)
