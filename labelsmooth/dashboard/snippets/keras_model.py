import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # before the import; or "jax", or "tensorflow"

import keras
import numpy as np

keras.utils.set_random_seed(0)
inputs = np.random.default_rng(0).normal(size=(32, 20)).astype("float32")
labels = np.arange(32) % 5
one_hot = keras.utils.to_categorical(labels, 5)  # the sparse loss takes no label_smoothing

model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(5)])  # no softmax ...
smoothed = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)  # ... so from_logits
model.compile(optimizer="adam", loss=smoothed, metrics=["accuracy"])
model.fit(inputs, one_hot, epochs=1, verbose=0)

logits = model(inputs)
loss = smoothed(one_hot, logits)
