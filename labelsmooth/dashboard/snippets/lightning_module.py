import lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Classifier(lightning.LightningModule):
    def __init__(self, epsilon=0.1):
        super().__init__()
        self.model = nn.Linear(20, 5)
        self.smoothed = nn.CrossEntropyLoss(label_smoothing=epsilon)
        self.hard = nn.CrossEntropyLoss()

    def training_step(self, batch, index):
        inputs, labels = batch
        return self.smoothed(self.model(inputs), labels)

    def validation_step(self, batch, index):
        inputs, labels = batch
        self.log("val_loss", self.hard(self.model(inputs), labels))  # hard labels: comparable between epsilons

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


lightning.seed_everything(0, verbose=False)
inputs, labels = torch.randn(32, 20), torch.randint(5, (32,))
data = DataLoader(TensorDataset(inputs, labels), batch_size=16)
classifier = Classifier()
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
lightning.Trainer(max_epochs=1, accelerator="cpu", **quiet).fit(classifier, data, data)

logits = classifier.model(inputs)
loss = classifier.smoothed(logits, labels)
