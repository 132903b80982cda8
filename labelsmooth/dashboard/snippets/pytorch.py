import torch
from torch import nn

torch.manual_seed(0)
inputs, labels = torch.randn(32, 20), torch.randint(5, (32,))
model = nn.Linear(20, 5)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

smoothed = nn.CrossEntropyLoss(label_smoothing=0.1)  # 0.1/K on every class, the label included
hard = nn.CrossEntropyLoss()  # for validation: the smoothed loss never reaches 0

logits = model(inputs)  # no softmax: the loss takes logits
loss = smoothed(logits, labels)
optimizer.zero_grad()
loss.backward()
optimizer.step()

with torch.no_grad():
    validation_loss = hard(model(inputs), labels)
