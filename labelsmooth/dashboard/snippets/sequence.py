import torch
from torch import nn

PAD = 0  # the vocabulary's index for padding
N, K, T = 4, 11, 6  # sentences, words of the vocabulary, positions

torch.manual_seed(0)
labels = torch.randint(1, K, (N, T))
for row, length in enumerate((6, 4, 3, 1)):
    labels[row, length:] = PAD
scores = torch.randn(N, T, K, requires_grad=True)  # as a decoder gives them: classes last

logits = scores.transpose(1, 2)  # (N, K, T): the loss wants the classes second
smoothed = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=PAD)
loss = smoothed(logits, labels)  # mean over the tokens that are no padding
loss.backward()

assert scores.grad[labels == PAD].eq(0).all()  # padding positions teach nothing
# The class PAD still gets 0.1/K of every other target. To leave it out as well, score one class less:
without = nn.CrossEntropyLoss(label_smoothing=0.1, ignore_index=-1)
loss_without = without(logits[:, 1:], labels - 1)
