"""What happens to uploads on the page "Your model", and how to get predictions out of a program."""

import streamlit as st

from labelsmooth.dashboard.guide import RELOADING
from labelsmooth.dashboard.plain import plain
from labelsmooth.dashboard.uploads import largest_mb, uploads
from labelsmooth.dashboard.your_model import Bench
from labelsmooth.predictions.tables import MAX_CLASSES, MAX_ROWS

PYTORCH = """\
model.eval()
with torch.no_grad():
    logits = torch.cat([model(x.to(device)).cpu() for x, _ in test_loader])
    labels = torch.cat([y for _, y in test_loader])
np.savez("predictions.npz", logits=logits.numpy(), labels=labels.numpy())
"""
SCIKIT_LEARN = """\
table = pd.DataFrame(model.predict_proba(x_test), columns=model.classes_)
table["label"] = np.asarray(y_test)  # by position: a pandas index would put labels beside other rows
table.to_csv("predictions.csv", index=False)
"""


def privacy() -> None:
    """Where uploads are, how long, and how much there may be."""
    st.caption(
        "Files are held in this server's memory only; nothing of them is written to disk or put into the link. They "
        "are gone when you remove them, and when Streamlit ends your session, some minutes after the tab is closed. "
        f"{RELOADING} "
        f"Limits: {largest_mb()} MB a file, {MAX_ROWS // 10**6} million rows, {MAX_CLASSES} classes, and "
        f"{uploads().limit >> 20} MB for the numbers of all visitors together."
    )


def no_data(mine: Bench) -> None:
    """What is still missing, and what a link to this page cannot carry."""
    held = [slot.name for _, slot in mine.pairs.values() if slot.reading is not None]
    missing = (
        f"There are no predictions on test data yet: {plain(' and '.join(held))} only fits a temperature for them."
        if held
        else "There are no predictions here yet."
    )
    st.info(
        f"{missing} A link to this page holds the choices (bins, temperature, score and coverage) but never the data: "
        "whoever opens it uploads their own."
    )


def your_model_guide() -> None:
    """How to save predictions, and what the numbers mean."""
    with st.expander("What to upload, and what the numbers mean"):
        st.markdown(
            f"""
**Logits are best**: what the network gives *before* the softmax. Probabilities do as well, but where a program has
rounded one to 0 its logarithm is lost. PyTorch:

```python
{PYTORCH}```

scikit-learn (any classifier with `predict_proba`):

```python
{SCIKIT_LEARN}```

The order of the score columns is that of the classes. Labels are the names of these columns, or whole numbers from 0.
Use data that the model was not trained on: on training data every model looks too good.

**Confidence** is the highest probability of a row, **accuracy** the share of rows where that class is the label. A
calibrated model is right in 80 % of the cases in which it says 80 %. Above, it is *over-confident*; below,
*under-confident*.

**ECE** (expected calibration error) is the gap between the two, averaged over bins of confidence. It is above 0 by
chance alone, so beside it stands what chance makes of a perfectly calibrated model with the same confidences.

**NLL** and **Brier score** judge the probabilities as a whole, calibration and accuracy together.

**Temperature scaling** divides all logits by one number $T$. It changes no prediction, only how sure the model is:
$T > 1$ lowers confidence, $T < 1$ raises it. $T$ is fitted by NLL on validation data. Where there are none it is
*cross-fitted*: the rows are cut into parts, and each part is divided by the $T$ that fits the others, so that no row is
judged with a $T$ that has seen its label.

**Label smoothing** changes the training instead: its targets ask for less confidence. So it pushes an over-confident
model the right way, and an under-confident one the wrong way. Whether it also changes the accuracy, only training
shows: the page "Train live" does that on small data.

**Risk and coverage**: if the least confident answers are refused, how many of the others are wrong?
"""
        )
