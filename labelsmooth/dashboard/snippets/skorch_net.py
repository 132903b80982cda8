import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

inputs, labels = load_iris(return_X_y=True)
inputs = StandardScaler().fit_transform(inputs).astype("float32")

torch.manual_seed(0)
net = NeuralNetClassifier(
    nn.Linear(4, 3),
    criterion=nn.CrossEntropyLoss,
    criterion__label_smoothing=0.1,  # a name that a grid search may vary
    lr=0.1,
    max_epochs=20,
    verbose=0,
)
accuracy = cross_val_score(net, inputs, labels, cv=3)
net.fit(inputs, labels)  # scikit-learn's own classifiers take no soft targets

logits = net.forward(inputs)
loss = net.get_loss(logits, torch.as_tensor(labels))
