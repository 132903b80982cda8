import tempfile

import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

torch.manual_seed(0)
tokens, labels = torch.randint(50, (32, 8)), torch.randint(5, (32,))
examples = [{"input_ids": x, "labels": y} for x, y in zip(tokens, labels, strict=True)]
size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
model = BertForSequenceClassification(BertConfig(vocab_size=50, num_labels=5, **size))

with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder,
        label_smoothing_factor=0.1,  # 0.1/K on every class; tokens labelled -100 are left out
        max_steps=2,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=examples)
    trainer.train()

model.eval()  # without dropout, so that both passes agree
with torch.no_grad():
    logits = model(input_ids=tokens).logits
    loss = trainer.compute_loss(model, {"input_ids": tokens, "labels": labels})
